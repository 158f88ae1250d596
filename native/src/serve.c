#define _GNU_SOURCE
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "frame.h"
#include "message.h"
#include "weights.h"
#include "story.h"
#include "terminal.h"
#include "version.h"

// Microseconds; docs/protocol.md, "What makes it lose nothing".
enum { REPEAT = 300000, REPEAT_MOST = 2400000, GAUGE = 250000, FORSAKEN = 4000000 };
enum { FAREWELL = 1000000 };  // for a host that says BYE and then reads nothing
enum { WINDOW = 512 };       // events past the last acknowledged one
enum { PROMPT_IDS = 1000 };  // that fit into the payload of START
enum { PIECE = 4000 };       // bytes of a token's text that fit into its payload

static struct {
    Weights weights;
    Tokenizer *tokenizer;
    const char *model_name;
    uint8_t model_hash[32], tokenizer_hash[32];
    char machine[128];
    uint64_t boot;

    Decoder decoder;
    uint8_t out[4 * FRAME_WIRE];  // what the terminal has not taken yet
    size_t out_length;
    uint16_t seq;

    uint32_t acknowledged;  // events that the host has
    uint32_t cursor;        // the event that goes out next
    uint32_t repeats;
    uint64_t heard;   // when the host last sent a frame
    uint64_t repeat;  // when to go back to the last acknowledged event
    uint64_t patience;
    uint64_t gauge;  // when to send STATS next
    uint64_t leaving;  // when BYE was said
    bool gone;         // GONE is in `out`
    int terminal;
} agent;

static int wake[2];  // the story's thread writes a zero, a signal its number

// --- what the agent says

// Whether `frames` of any size still fit.
static bool room(size_t frames) {
    return sizeof agent.out - agent.out_length >= frames * FRAME_WIRE;
}

// Queue a frame. A frame that finds no room is lost, as on any wire: what matters is repeated.
static void say(uint8_t type, const Writer *w) {
    if (w->full || !room(1)) return;
    agent.out_length +=
        frame_encode(agent.out + agent.out_length, type, agent.seq++, w->data, w->length);
}

static void say_hello(void) {
    Standing s = story_standing();
    Writer w = {.length = 0};
    write_uint(&w, PROTOCOL, 1);
    write_uint(&w, s.state, 1);
    write_uint(&w, agent.boot, 8);
    write_uint(&w, s.number, 4);
    write_uint(&w, s.events, 4);
    uint64_t modes = 0;
    for (Mode mode = MODE_REFERENCE; mode <= MODE_FAST; mode++) {
        if (weights_has(&agent.weights, mode)) modes |= 1u << mode;
    }
    write_uint(&w, modes, 1);
    write_uint(&w, (uint32_t)agent.weights.shape.vocab, 4);
    write_uint(&w, (uint32_t)agent.weights.shape.context, 4);
    write_uint(&w, agent.weights.parameters, 8);
    write_bytes(&w, agent.model_hash, 32);
    write_bytes(&w, agent.tokenizer_hash, 32);
    write_str(&w, DUO_VERSION, strlen(DUO_VERSION));
    write_str(&w, agent.model_name, strlen(agent.model_name));
    write_str(&w, agent.machine, strlen(agent.machine));
    say(HELLO, &w);
}

// Kibibytes of the line `name` in /proc/self/status; 0 where there is none.
static uint32_t memory(const char *status, const char *name) {
    const char *line = strstr(status, name);
    return line ? (uint32_t)strtoul(line + strlen(name), NULL, 10) : 0;
}

static void say_stats(void) {
    char status[4096] = "";
    FILE *file = fopen("/proc/self/status", "r");
    if (file) {
        status[fread(status, 1, sizeof status - 1, file)] = '\0';
        fclose(file);
    }
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    Standing s = story_standing();
    Writer w = {.length = 0};
    write_uint(&w, s.number, 4);
    write_uint(&w, s.state, 1);
    write_uint(&w, s.tokens, 4);
    write_uint(&w, clock_now(), 8);
    write_uint(&w, s.first, 8);
    write_uint(&w, memory(status, "VmRSS:"), 4);
    write_uint(&w, memory(status, "VmHWM:"), 4);
    write_uint(&w, (uint64_t)usage.ru_majflt, 8);
    write_uint(&w, agent.repeats, 4);
    write_uint(&w, (uint32_t)agent.decoder.noise, 4);
    say(STATS, &w);
}

static void say_refused(uint32_t story, uint8_t code, const char *text) {
    Writer w = {.length = 0};
    write_uint(&w, story, 4);
    write_uint(&w, code, 1);
    write_str(&w, text, strlen(text));
    say(REFUSED, &w);
}

static void say_event(uint32_t story, uint32_t index) {
    Event e = story_event(index);
    Writer w = {.length = 0};
    write_uint(&w, story, 4);
    write_uint(&w, index, 4);
    write_uint(&w, e.kind, 1);
    switch (e.kind) {
        case EVENT_START:
            write_uint(&w, e.settings.mode, 1);
            write_uint(&w, e.settings.steps, 4);
            write_float(&w, e.settings.temperature);
            write_float(&w, e.settings.topp);
            write_uint(&w, e.settings.seed, 8);
            write_uint(&w, e.clock, 8);
            write_uint(&w, e.count, 2);
            for (size_t i = 0; i < e.count; i++) write_uint(&w, (uint32_t)e.ids[i], 4);
            break;
        case EVENT_TOKEN:
            write_uint(&w, (uint32_t)e.next.id, 4);
            write_uint(&w, e.clock, 8);
            write_float(&w, e.next.probability);
            write_str(&w, e.next.text, e.next.length < PIECE ? e.next.length : PIECE);
            break;
        case EVENT_END:
            write_uint(&w, e.reason, 1);
            write_uint(&w, e.tokens, 4);
            write_uint(&w, e.clock, 8);
            write_double(&w, e.rate);
            break;
    }
    say(EVENT, &w);
}

// --- what the host asks

static void rewind_to(uint32_t index) {
    if (agent.cursor > index) agent.repeats += agent.cursor - index;
    agent.cursor = index;
}

static void patient(uint64_t now) {
    agent.patience = REPEAT;
    agent.repeat = now + REPEAT;
}

// Why `teller_new` or `story_begin` failed, as a code.
static uint8_t refusal(const Failure *failure, const char *prompt) {
    if (failure->status != EXIT_USAGE) return REFUSED_MEMORY;
    Failure ignored;
    size_t count = 0;
    free(tokenizer_encode(agent.tokenizer, prompt, &count, &ignored));
    return count > (size_t)agent.weights.shape.context ? REFUSED_PROMPT : REFUSED_SETTINGS;
}

static void generate(uint32_t number, Settings settings, const char *prompt) {
    Standing s = story_standing();
    if (number == s.number && number != 0) {
        say_event(number, 0);  // asked again: the first answer was lost
        rewind_to(agent.acknowledged);
        return;
    }
    if (s.state != STATE_IDLE) {
        say_refused(number, REFUSED_BUSY, "another story is being told");
        return;
    }
    if (number == 0) {
        say_refused(number, REFUSED_SETTINGS, "there is no story 0");
        return;
    }
    if (!weights_has(&agent.weights, settings.mode)) {
        say_refused(number, REFUSED_MODE, "this model was packed without that mode");
        return;
    }
    Failure failure = {0};
    Teller *teller = teller_new(&agent.weights, agent.tokenizer, settings, prompt, &failure);
    size_t count = 0;
    if (teller && teller_prompt(teller, &count) && count > PROMPT_IDS) {
        teller_free(teller);
        say_refused(number, REFUSED_PROMPT, "the prompt has more than 1000 tokens");
        return;
    }
    if (!teller || !story_begin(number, teller, &failure)) {
        say_refused(number, refusal(&failure, prompt), failure.text);
        return;
    }
    agent.acknowledged = agent.cursor = 0;
    patient(clock_now());
    agent.gauge = clock_now() + GAUGE;
}

static bool hear_generate(Reader *r) {
    uint32_t number = (uint32_t)read_uint(r, 4);
    Settings settings = {.mode = (Mode)read_uint(r, 1)};
    settings.probabilities = read_uint(r, 1) & FLAG_PROBABILITIES;
    settings.steps = (uint32_t)read_uint(r, 4);
    settings.temperature = read_float(r);
    settings.topp = read_float(r);
    settings.seed = read_uint(r, 8);
    if (settings.seed == 0) settings.seed = clock_now() | 1;
    size_t length;
    const uint8_t *text = read_str(r, &length);
    if (!read_done(r)) return false;
    char prompt[FRAME_PAYLOAD + 1] = "";
    memcpy(prompt, text, length);
    prompt[length] = '\0';
    if (strlen(prompt) != length) {
        say_refused(number, REFUSED_SETTINGS, "the prompt has a NUL in it");
    } else {
        generate(number, settings, prompt);
    }
    return true;
}

static void hear_position(uint8_t type, uint32_t number, uint32_t next) {
    Standing s = story_standing();
    if (number != s.number || next > s.events) return;
    if (type == RESUME) {
        agent.acknowledged = next;
        rewind_to(next);
        patient(clock_now());
    } else if (next > agent.acknowledged) {
        agent.acknowledged = next;
        if (agent.cursor < next) agent.cursor = next;
        patient(clock_now());
    }
}

static void hear(const Frame *frame) {
    Reader r = {.data = frame->payload, .length = frame->length};
    uint64_t now = clock_now();
    if (now - agent.heard > FORSAKEN) {
        rewind_to(agent.acknowledged);
        patient(now);
    }
    agent.heard = now;

    if (frame->type == GENERATE) {
        if (!hear_generate(&r)) agent.decoder.noise += frame->length + FRAME_LEAST;
        return;
    }
    uint32_t number = 0, next = 0;
    switch (frame->type) {
        case ASK_HELLO: read_uint(&r, 1); break;
        case CANCEL:
        case PING: number = (uint32_t)read_uint(&r, 4); break;
        case PAUSE:
            number = (uint32_t)read_uint(&r, 4);
            next = (uint32_t)read_uint(&r, 1);
            break;
        case ACK:
        case RESUME:
            number = (uint32_t)read_uint(&r, 4);
            next = (uint32_t)read_uint(&r, 4);
            break;
        case ASK_STATS:
        case BYE: break;
        default: r.bad = true;
    }
    if (!read_done(&r)) {
        agent.decoder.noise += frame->length + FRAME_LEAST;
        return;
    }
    bool held = number != 0 && number == story_standing().number;
    Writer w = {.length = 0};
    switch (frame->type) {
        case ASK_HELLO: say_hello(); break;
        case CANCEL:
            if (held) story_cancel();
            if (held) rewind_to(agent.acknowledged);
            break;
        case PAUSE:
            if (held) story_pause(next != 0);
            say_stats();
            break;
        case ACK:
        case RESUME: hear_position(frame->type, number, next); break;
        case PING:
            write_uint(&w, number, 4);
            write_uint(&w, now, 8);
            say(PONG, &w);
            break;
        case ASK_STATS: say_stats(); break;
        case BYE:
            story_cancel();
            if (!agent.leaving) agent.leaving = now;
            break;
    }
}

// --- the link

// Queue the events that are due; the time until the next thing is, in milliseconds, or -1.
static int attend(uint64_t now) {
    Standing s = story_standing();
    if (agent.leaving) return FAREWELL / 1000;
    if (now - agent.heard > FORSAKEN) return -1;
    if (agent.acknowledged < agent.cursor && now >= agent.repeat) {
        rewind_to(agent.acknowledged);
        agent.patience = agent.patience * 2 > REPEAT_MOST ? REPEAT_MOST : agent.patience * 2;
        agent.repeat = now + agent.patience;
    }
    if (agent.acknowledged == agent.cursor && agent.cursor < s.events) {
        agent.repeat = now + agent.patience;
    }
    // Events leave room for two answers: a terminal that is behind must not cost the host its PONG.
    while (agent.cursor < s.events && agent.cursor - agent.acknowledged < WINDOW && room(3)) {
        say_event(s.number, agent.cursor++);
    }
    bool telling = s.state != STATE_IDLE;
    if (telling && now >= agent.gauge) {
        say_stats();
        agent.gauge = now + GAUGE;
    }
    uint64_t due = agent.heard + FORSAKEN;
    if (telling && agent.gauge < due) due = agent.gauge;
    if (agent.acknowledged < agent.cursor && agent.repeat < due) due = agent.repeat;
    return due > now ? (int)((due - now) / 1000 + 1) : 0;
}

// False when the terminal is gone.
static bool take_in(void) {
    uint8_t bytes[1024];
    ssize_t got = read(agent.terminal, bytes, sizeof bytes);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return false;
    for (ssize_t i = 0; i < got; i++) {
        Frame frame;
        if (frame_decode(&agent.decoder, bytes[i], &frame)) hear(&frame);
    }
    return true;
}

static bool put_out(void) {
    ssize_t taken = write(agent.terminal, agent.out, agent.out_length);
    if (taken < 0) return errno == EAGAIN || errno == EINTR;
    agent.out_length -= (size_t)taken;
    memmove(agent.out, agent.out + taken, agent.out_length);
    return true;
}

// Whether GONE has gone out. The input is the shell's before the host hears that it is.
static bool left(uint64_t now) {
    if (!agent.leaving) return false;
    if (agent.out_length == 0 && !agent.gone) {
        Writer nothing = {.length = 0};
        terminal_give_back_input();
        say(GONE, &nothing);
        agent.gone = true;
    }
    return agent.out_length == 0 || now - agent.leaving > FAREWELL;
}

// Until BYE or a hang-up (0) or a signal (its number).
static int link_run(void) {
    for (;;) {
        int wait = attend(clock_now());
        if (left(clock_now())) return 0;
        struct pollfd fds[3] = {
            // What comes after BYE is for the shell.
            {.fd = agent.leaving ? -1 : agent.terminal, .events = POLLIN},
            {.fd = wake[0], .events = POLLIN},
            {.fd = agent.out_length ? agent.terminal : -1, .events = POLLOUT},
        };
        if (poll(fds, 3, wait) < 0 && errno != EINTR) return 0;
        if (fds[1].revents) {
            char bytes[64];
            ssize_t got = read(wake[0], bytes, sizeof bytes);
            for (ssize_t i = 0; i < got; i++) {
                if (bytes[i]) return bytes[i];
            }
        }
        if (fds[0].revents && !take_in()) return 0;
        if (fds[2].revents && !put_out()) return 0;
    }
}

static void on_signal(int number) {
    int before = errno;
    char byte = (char)number;
    if (write(wake[1], &byte, 1) < 0) errno = before;
    errno = before;
}

// --- start and end

static uint64_t random_number(void) {
    uint64_t number = clock_now() ^ (uint64_t)getpid() << 32;
    FILE *file = fopen("/dev/urandom", "rb");
    if (file) {
        uint64_t drawn;
        if (fread(&drawn, sizeof drawn, 1, file) == 1) number = drawn;
        fclose(file);
    }
    return number;
}

// "Linux riscv64", and the processor's name where /proc/cpuinfo has one.
static void describe(char *machine, size_t size) {
    struct utsname name;
    if (uname(&name) < 0) return;
    int used = snprintf(machine, size, "%.30s %.30s", name.sysname, name.machine);
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    while (file && used > 0 && fgets(line, sizeof line, file)) {
        if (strncmp(line, "model name", 10) != 0 && strncmp(line, "uarch", 5) != 0) continue;
        char *value = strchr(line, ':');
        if (!value) continue;
        value += 1 + strspn(value + 1, " ");
        value[strcspn(value, "\n")] = '\0';
        snprintf(machine + used, size - (size_t)used, ", %.60s", value);
        break;
    }
    if (file) fclose(file);
}

static bool prepare(const char *model_path, const char *tokenizer_path, Failure *failure) {
    if (!weights_open(&agent.weights, model_path, failure)) return false;
    agent.tokenizer = weights_tokenizer(&agent.weights, tokenizer_path, failure);
    if (!agent.tokenizer) return false;
    if (!weights_hash(&agent.weights, agent.model_hash, failure)) return false;
    if (!weights_tokenizer_hash(&agent.weights, tokenizer_path, agent.tokenizer_hash, failure)) {
        return false;
    }
    const char *slash = strrchr(model_path, '/');
    agent.model_name = slash ? slash + 1 : model_path;
    if (strlen(agent.model_name) > 255) agent.model_name = "model";
    agent.boot = random_number();
    describe(agent.machine, sizeof agent.machine);
    if (pipe(wake) < 0) return fail(failure, EXIT_UNEXPECTED, "no pipe can be made");
    for (int i = 0; i < 2; i++) fcntl(wake[i], F_SETFL, O_NONBLOCK);
    if (!story_thread(wake[1], failure)) return false;

    // Before the terminal is raw: a signal from here on ends link_run(), which gives it back.
    static const int caught[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++) sigaction(caught[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    agent.terminal = terminal_take(failure);
    return agent.terminal >= 0;
}

int serve_run(const char *model_path, const char *tokenizer_path) {
    Failure failure = {0};
    if (!prepare(model_path, tokenizer_path, &failure)) {
        terminal_give_back();
        fprintf(stderr, "duollama: %s\n", failure.text);
        return failure.status;
    }

    agent.heard = clock_now();
    say_hello();
    int number = link_run();
    terminal_give_back();
    // The story's thread may be in the middle of a step: the process ends under it.
    if (number == 0) _exit(EXIT_OK);
    signal(number, SIG_DFL);
    raise(number);
    return EXIT_UNEXPECTED;
}
