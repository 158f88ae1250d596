// The frames, messages and window of the agent: the shared vectors, and bytes that mean harm.
// Run by test_frames.py: test_frames VECTORS. Prints what failed; exit status 1 then.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../native/src/frame.h"
#include "../../native/src/message.h"
#include "../../native/src/sha256.h"
#include "../../native/src/window.h"

static int failures;

#define CHECK(name, condition) \
    do { \
        if (!(condition)) { \
            printf("%s: %s (line %d)\n", name, #condition, __LINE__); \
            failures++; \
        } \
    } while (0)

// --- the lines of the vectors

typedef struct {
    char *name, *type, *seq, *json;
    uint8_t *payload, *frame;
    size_t payload_size, frame_size;
} Line;

enum { LINES_MAX = 400 };
static Line lines[LINES_MAX];
static size_t line_count;

static uint8_t *from_hex(const char *hex, size_t *size) {
    *size = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
    uint8_t *bytes = malloc(*size + 1);
    for (size_t i = 0; i < *size; i++) {
        unsigned byte;
        sscanf(hex + 2 * i, "%2x", &byte);
        bytes[i] = (uint8_t)byte;
    }
    return bytes;
}

static char *copy(const char *text) {
    char *copied = malloc(strlen(text) + 1);
    return strcpy(copied, text);
}

static void read_lines(const char *path) {
    static char text[1 << 16];
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        exit(2);
    }
    while (fgets(text, sizeof text, file)) {
        if (text[0] == '#') continue;
        char *column[6];
        column[0] = strtok(text, "\t\n");
        for (int i = 1; i < 6; i++) column[i] = strtok(NULL, "\t\n");
        if (!column[5] || line_count == LINES_MAX) {
            printf("line %zu of the vectors has not six columns\n", line_count);
            exit(2);
        }
        Line *line = &lines[line_count++];
        line->name = copy(column[0]);
        line->type = copy(column[1]);
        line->seq = copy(column[2]);
        line->payload = from_hex(column[3], &line->payload_size);
        line->frame = from_hex(column[4], &line->frame_size);
        line->json = copy(column[5]);
    }
    fclose(file);
}

static void free_lines(void) {
    for (size_t i = 0; i < line_count; i++) {
        Line *l = &lines[i];
        free(l->name), free(l->type), free(l->seq), free(l->json), free(l->payload), free(l->frame);
    }
}

static bool is_noise(const Line *line) { return strcmp(line->type, "noise") == 0; }

// --- the fields: JSON as make_frames.py writes it, flat and without escapes

static const char *value(const Line *line, const char *field) {
    char key[64];
    snprintf(key, sizeof key, "\"%s\": ", field);
    const char *found = strstr(line->json, key);
    if (found) return found + strlen(key);
    printf("%s: no field %s\n", line->name, field);
    exit(2);
}

static uint64_t whole(const Line *line, const char *field) {
    return strtoull(value(line, field), NULL, 10);
}

static double real(const Line *line, const char *field) {
    const char *text = value(line, field);
    if (strncmp(text, "null", 4) != 0) return strtod(text, NULL);
    uint32_t nan = 0x7FC00000;  // the one in the vectors
    float number;
    memcpy(&number, &nan, sizeof number);
    return (double)number;
}

static Text string(const Line *line, const char *field) {
    const char *text = value(line, field) + 1;
    return (Text){(const uint8_t *)text, strcspn(text, "\"")};
}

static void hash(const Line *line, const char *field, uint8_t *out) {
    char hex[65];
    snprintf(hex, sizeof hex, "%.64s", value(line, field) + 1);
    size_t size;
    uint8_t *bytes = from_hex(hex, &size);
    memcpy(out, bytes, 32);
    free(bytes);
}

// --- messages

static void check_generate(const Line *line) {
    Generate g;
    CHECK(line->name, generate_read(line->payload, line->payload_size, &g));
    float temperature = (float)real(line, "temperature"), topp = (float)real(line, "top_p");
    Text prompt = string(line, "prompt");
    CHECK(line->name, g.story == whole(line, "story"));
    CHECK(line->name, g.mode == whole(line, "mode"));
    CHECK(line->name, g.flags == whole(line, "flags"));
    CHECK(line->name, g.steps == whole(line, "steps"));
    CHECK(line->name, memcmp(&g.temperature, &temperature, sizeof temperature) == 0);
    CHECK(line->name, memcmp(&g.topp, &topp, sizeof topp) == 0);
    CHECK(line->name, g.seed == whole(line, "seed"));
    CHECK(line->name, g.prompt.size == prompt.size &&
                          memcmp(g.prompt.bytes, prompt.bytes, prompt.size) == 0);
}

static void check_command(const Line *line, uint8_t type) {
    static const char *const number[] = {
        [ASK_HELLO] = "protocol", [PAUSE] = "on", [ACK] = "next", [RESUME] = "next", [PING] = "nonce",
        [BYE] = NULL,
    };
    Command c;
    CHECK(line->name, command_read(type, line->payload, line->payload_size, &c));
    bool has_story = type >= CANCEL && type <= RESUME;
    CHECK(line->name, c.story == (has_story ? whole(line, "story") : 0));
    CHECK(line->name, c.number == (number[type] ? whole(line, number[type]) : 0));
}

static size_t write_hello(const Line *line, uint8_t *out) {
    Hello h = {
        .protocol = (uint8_t)whole(line, "protocol"), .state = (uint8_t)whole(line, "state"),
        .boot = whole(line, "boot"), .story = (uint32_t)whole(line, "story"),
        .events = (uint32_t)whole(line, "events"), .modes = (uint8_t)whole(line, "modes"),
        .vocabulary = (uint32_t)whole(line, "vocabulary"),
        .context = (uint32_t)whole(line, "context"), .parameters = whole(line, "parameters"),
        .version = string(line, "version"), .model = string(line, "model"),
        .machine = string(line, "machine"),
    };
    hash(line, "model_hash", h.model_hash);
    hash(line, "tokenizer_hash", h.tokenizer_hash);
    return hello_write(out, &h);
}

static size_t write_stats(const Line *line, uint8_t *out) {
    return stats_write(out, &(Stats){
        .story = (uint32_t)whole(line, "story"), .state = (uint8_t)whole(line, "state"),
        .tokens = (uint32_t)whole(line, "tokens"), .clock = whole(line, "clock"),
        .first = whole(line, "first"), .rss = (uint32_t)whole(line, "rss"),
        .peak = (uint32_t)whole(line, "peak"), .faults = whole(line, "faults"),
        .repeats = (uint32_t)whole(line, "repeats"), .noise = (uint32_t)whole(line, "noise"),
    });
}

static size_t write_start(const Line *line, uint8_t *out) {
    int32_t ids[START_IDS_MAX];
    size_t count = 0;
    const char *at = value(line, "ids") + 1;
    while (*at != ']') {
        char *end;
        ids[count++] = (int32_t)(uint32_t)strtoul(at, &end, 10);
        at = *end == ',' ? end + 1 : end;
    }
    return start_write(out, &(Start){
        .mode = (uint8_t)whole(line, "mode"), .steps = (uint32_t)whole(line, "steps"),
        .temperature = (float)real(line, "temperature"), .topp = (float)real(line, "top_p"),
        .seed = whole(line, "seed"), .clock = whole(line, "clock"), .ids = ids, .count = count,
    });
}

static size_t write_token(const Line *line, uint8_t *out) {
    static char hex[2 * PAYLOAD_MAX + 1];
    Text digits = string(line, "text_hex");
    snprintf(hex, sizeof hex, "%.*s", (int)digits.size, (const char *)digits.bytes);
    size_t size;
    uint8_t *text = from_hex(hex, &size);
    size_t written = token_write(out, &(Token){
        .id = (uint32_t)whole(line, "id"), .clock = whole(line, "clock"),
        .probability = (float)real(line, "probability"), .text = {text, size},
    });
    free(text);
    return written;
}

static size_t write_event(const Line *line, uint8_t *out) {
    uint8_t kind = (uint8_t)whole(line, "kind");
    size_t head = event_head_write(out, (uint32_t)whole(line, "story"),
                                   (uint32_t)whole(line, "index"), kind);
    CHECK(line->name, head == EVENT_HEAD);
    if (kind == KIND_START) return head + write_start(line, out + head);
    if (kind == KIND_TOKEN) return head + write_token(line, out + head);
    return head + end_write(out + head, &(End){
        .reason = (uint8_t)whole(line, "reason"), .tokens = (uint32_t)whole(line, "tokens"),
        .clock = whole(line, "clock"), .rate = real(line, "rate"),
    });
}

static void check_written(const Line *line, uint8_t type) {
    uint8_t out[PAYLOAD_MAX];
    size_t size = 0;
    if (type == HELLO) size = write_hello(line, out);
    if (type == EVENT) size = write_event(line, out);
    if (type == STATS) size = write_stats(line, out);
    if (type == PONG) {
        size = pong_write(out, (uint32_t)whole(line, "nonce"), whole(line, "clock"));
    }
    if (type == REFUSED) {
        size = refused_write(out, (uint32_t)whole(line, "story"), (uint8_t)whole(line, "code"),
                             string(line, "text"));
    }
    CHECK(line->name, size == line->payload_size && memcmp(out, line->payload, size) == 0);
}

// Every shorter payload, and one that is longer, is refused.
static void check_lengths(const Line *line, uint8_t type) {
    Generate g;
    Command c;
    for (size_t size = 0; size <= line->payload_size + 1; size++) {
        uint8_t *bytes = calloc(1, size ? size : 1);
        memcpy(bytes, line->payload, size < line->payload_size ? size : line->payload_size);
        bool read = type == GENERATE ? generate_read(bytes, size, &g)
                                     : command_read(type, bytes, size, &c);
        CHECK(line->name, read == (size == line->payload_size));
        free(bytes);
    }
}

// --- frames

static void check_frame(const Line *line, uint8_t type, uint16_t seq) {
    uint8_t out[FRAME_MAX];
    size_t size = frame_write(out, type, seq, line->payload, line->payload_size);
    CHECK(line->name, size == line->frame_size && memcmp(out, line->frame, size) == 0);

    static Decoder decoder;
    decoder = (Decoder){0};
    Frame frame;
    size_t found = 0;
    for (size_t i = 0; i < line->frame_size; i++) {
        if (!decoder_take(&decoder, line->frame[i], &frame)) continue;
        found++;
        CHECK(line->name, frame.type == type && frame.seq == seq);
        CHECK(line->name, frame.size == line->payload_size &&
                              memcmp(frame.payload, line->payload, frame.size) == 0);
        CHECK(line->name, frame.piece == line->frame_size - 2);
    }
    CHECK(line->name, found == 1 && decoder.noise == 0);
}

static const Line *named(const char *name, size_t size) {
    for (size_t i = 0; i < line_count; i++) {
        if (strlen(lines[i].name) == size && memcmp(lines[i].name, name, size) == 0) return &lines[i];
    }
    return NULL;
}

static void check_noise(const Line *line) {
    static Decoder decoder;
    decoder = (Decoder){0};
    Frame frame;
    const char *names = value(line, "frames") + 1;
    for (size_t i = 0; i < line->frame_size; i++) {
        if (!decoder_take(&decoder, line->frame[i], &frame)) continue;
        names += strspn(names, ", \"");
        size_t size = strcspn(names, "\"");
        const Line *wanted = named(names, size);
        CHECK(line->name, wanted != NULL);
        if (!wanted) return;
        CHECK(line->name, frame.size == wanted->payload_size &&
                              memcmp(frame.payload, wanted->payload, frame.size) == 0);
        names += size;
    }
    CHECK(line->name, *names == ']' || names[1] == ']');
    CHECK(line->name, decoder.noise == whole(line, "noise"));
}

static void check_line(const Line *line) {
    if (is_noise(line)) {
        check_noise(line);
        return;
    }
    uint8_t type = (uint8_t)strtoul(line->type, NULL, 16);
    check_frame(line, type, (uint16_t)strtoul(line->seq, NULL, 10));
    if (type == GENERATE) check_generate(line);
    else if (type <= BYE) check_command(line, type);
    else if (type >= HELLO) check_written(line, type);
    if (type <= BYE) check_lengths(line, type);
}

// --- bytes that mean harm

static uint32_t state = 20240607;

static uint32_t random_number(void) {
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

// Bytes of frames and of nothing, cut, turned and joined at random: every byte that is not 0x00 is
// in a frame that was found, is noise, or waits.
static void check_hostile(void) {
    static Decoder decoder;
    Frame frame;
    uint64_t fed = 0, framed = 0, frames = 0;
    for (int round = 0; round < 20000; round++) {
        const Line *line = &lines[random_number() % line_count];
        size_t from = random_number() % 3 ? 0 : random_number() % (line->frame_size + 1);
        size_t to = random_number() % 3 ? line->frame_size : random_number() % (line->frame_size + 1);
        for (size_t i = from; i < to; i++) {
            uint8_t byte = line->frame[i];
            if (random_number() % 500 == 0) byte ^= (uint8_t)(1u << random_number() % 8);
            if (random_number() % 2000 == 0) byte = (uint8_t)random_number();
            fed += byte != 0;
            if (!decoder_take(&decoder, byte, &frame)) continue;
            Generate g;
            Command c;
            framed += frame.piece;
            frames++;
            CHECK("hostile", frame.size <= PAYLOAD_MAX);
            generate_read(frame.payload, frame.size, &g);
            for (int type = 0; type < 256; type++) {
                command_read((uint8_t)type, frame.payload, frame.size, &c);
            }
        }
    }
    uint64_t waiting = decoder.spilled ? 0 : decoder.size;
    CHECK("hostile", fed == framed + decoder.noise + waiting);
    CHECK("hostile", frames > 1000 && decoder.noise > 1000);
}

static void check_round_trips(void) {
    static uint8_t payload[PAYLOAD_MAX], out[FRAME_MAX];
    static Decoder decoder;
    Frame frame;
    for (int round = 0; round < 3000; round++) {
        size_t size = round < 1000 ? (size_t)round : random_number() % (PAYLOAD_MAX + 1);
        uint32_t zeros = random_number() % 4 * 80;
        for (size_t i = 0; i < size; i++) {
            uint32_t byte = random_number();
            payload[i] = byte >> 8 & 1 || byte % 256 >= zeros ? (uint8_t)(byte >> 16 | 1) : 0;
        }
        size_t written = frame_write(out, 5, (uint16_t)round, payload, size);
        CHECK("round trip", written <= FRAME_MAX && out[0] == 0 && out[written - 1] == 0);
        CHECK("round trip", memchr(out + 1, 0, written - 2) == NULL);
        bool found = false;
        for (size_t i = 0; i < written; i++) found |= decoder_take(&decoder, out[i], &frame);
        CHECK("round trip", found && frame.size == size && memcmp(frame.payload, payload, size) == 0);
    }
    CHECK("round trip", decoder.noise == 0);
}

// --- the window, with a time of our own

// Send what is due; the number of events sent.
static uint32_t send_all(Window *w, uint32_t count, uint64_t now) {
    uint32_t sent = 0;
    for (; window_due(w, count, now); sent++) window_sent(w, now);
    return sent;
}

static void check_window(void) {
    Window w = {.heard = 0};
    uint64_t now = 0;
    window_begin(&w, now);
    CHECK("window", send_all(&w, 2000, now) == 512);
    window_ack(&w, 10, now);
    CHECK("window", send_all(&w, 2000, now) == 10);
    window_ack(&w, 5, now);     // late
    window_ack(&w, 1000, now);  // never sent
    CHECK("window", w.acked == 10 && send_all(&w, 2000, now) == 0);
    CHECK("window", w.repeats == 0 && window_deadline(&w, now) == 300000);

    // It goes back after 0.3, 0.6, 1.2, 2.4 and 2.4 seconds as long as the host is there.
    static const uint64_t waits[] = {300000, 600000, 1200000, 2400000, 2400000};
    for (int i = 0; i < 5; i++) {
        window_heard(&w, now);
        CHECK("go back", window_deadline(&w, now) == now + waits[i]);
        CHECK("go back", !window_due(&w, 2000, now + waits[i] - 1));
        now += waits[i];
        CHECK("go back", send_all(&w, 2000, now) == 512 && w.repeats == 512u * (uint32_t)(i + 1));
    }
    window_heard(&w, now);
    window_ack(&w, 522, now);
    CHECK("go back", window_deadline(&w, now) == UINT64_MAX && w.wait == 300000);

    // A silent host stops it; its first frame starts it from what was acknowledged.
    CHECK("silence", send_all(&w, 2000, now) == 512);
    now += 4000000;
    CHECK("silence", window_quiet(&w, now) && send_all(&w, 2000, now) == 0);
    CHECK("silence", window_deadline(&w, now) == UINT64_MAX);
    window_heard(&w, now);
    CHECK("silence", w.cursor == 522 && send_all(&w, 2000, now) == 512);

    window_resume(&w, 3, 2000, now);
    CHECK("resume", w.cursor == 3 && send_all(&w, 2000, now) == 512);
    window_resume(&w, UINT32_MAX, 2000, now);
    CHECK("resume", w.cursor == 2000 && send_all(&w, 2000, now) == 0);
    window_begin(&w, now);
    CHECK("begin", w.acked == 0 && send_all(&w, 1, now) == 1);
    window_hold(&w, now + 299999);
    CHECK("hold", window_deadline(&w, now) == now + 599999);
}

// --- SHA-256, FIPS 180-4's examples

static void check_sha256(const char *message, const char *wanted) {
    Sha256 sha;
    uint8_t found[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];
    sha256_begin(&sha);
    for (size_t i = 0; message[i]; i++) sha256_take(&sha, (const uint8_t *)message + i, 1);
    sha256_end(&sha, found);
    for (size_t i = 0; i < SHA256_SIZE; i++) sprintf(hex + 2 * i, "%02x", found[i]);
    CHECK("sha256", strcmp(hex, wanted) == 0);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    read_lines(argv[1]);
    for (size_t i = 0; i < line_count; i++) check_line(&lines[i]);
    check_hostile();
    check_round_trips();
    check_window();
    check_sha256("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_sha256("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    printf("%zu vectors, %d failures\n", line_count, failures);
    free_lines();
    return failures > 0;
}
