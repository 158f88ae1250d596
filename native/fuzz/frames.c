// Bytes as the wire brings them, through the decoder; what is a frame, through the readers of its
// fields and back. The checksum would stop the fuzzer: an input that starts with an odd byte is a
// payload, which is framed first.
#include <string.h>

#include "agent/frame.h"
#include "agent/message.h"
#include "harness.h"

// docs/protocol.md, host to agent: 1, 4, 8 bytes, a float, a string.
static const char *const fields[] = {
    [ASK_HELLO] = "1", [GENERATE] = "4114ff8s", [CANCEL] = "4", [PAUSE] = "41",
    [ACK] = "44",      [RESUME] = "44",         [PING] = "4",   [ASK_STATS] = "",
    [BYE] = "",        [SPEAK] = "41s",         [HUSH] = "4",   [LISTEN] = "4",
    [ENOUGH] = "4",
};

static void read_fields(const char *kinds, const uint8_t *payload, size_t length) {
    PayloadReader r = {.data = payload, .length = length};
    PayloadWriter w = {.length = 0};
    for (; *kinds; kinds++) {
        if (*kinds == 'f') {
            write_float(&w, read_float(&r));
        } else if (*kinds == 's') {
            size_t bytes;
            const uint8_t *text = read_str(&r, &bytes);
            MUST(text || r.bad);
            if (text) write_str(&w, (const char *)text, bytes);
        } else {
            uint64_t value = read_uint(&r, *kinds - '0');
            MUST(!r.bad || value == 0);
            write_uint(&w, value, *kinds - '0');
        }
        MUST(r.at <= r.length);
    }
    if (!read_done(&r)) return;
    MUST(!w.full && w.length == length && memcmp(w.data, payload, length) == 0);
}

static void hear(const Frame *frame) {
    MUST(frame->length <= MAX_PAYLOAD);
    size_t known = frame->type < sizeof fields / sizeof *fields ? frame->type : 0;
    // One that the agent does not know is read as the longest that it knows.
    read_fields(fields[known] ? fields[known] : fields[GENERATE], frame->payload, frame->length);
}

// All the bytes; every one but 0 is noise, part of a frame, or waits. The number of frames.
static size_t decode(FrameDecoder *decoder, const uint8_t *bytes, size_t size) {
    uint64_t some = 0, framed = 0, noise = decoder->noise + decoder->length;
    size_t found = 0;
    for (size_t i = 0; i < size; i++) {
        size_t before = decoder->length;
        Frame frame;
        some += bytes[i] != 0;
        if (!frame_decode(decoder, bytes[i], &frame)) continue;
        framed += before;
        found++;
        hear(&frame);
        uint8_t wire[FRAME_WIRE];
        size_t length = frame_encode(wire, frame.type, frame.seq, frame.payload, frame.length);
        // a sender may close a full last block by an empty one: ours is the shortest form
        MUST(length <= sizeof wire && length <= before + 2);
    }
    MUST(decoder->noise + decoder->length + framed == noise + some);
    return found;
}

static void through_the_wire(FrameDecoder *decoder, uint8_t type, const uint8_t *payload,
                             size_t length) {
    uint8_t wire[FRAME_WIRE];
    size_t bytes = frame_encode(wire, type, 7, payload, length);
    MUST(bytes <= sizeof wire && wire[0] == 0 && wire[bytes - 1] == 0);
    MUST(decode(decoder, wire, bytes) == 1);
    MUST(decoder->body[0] == type && memcmp(decoder->body + 3, payload, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static FrameDecoder decoder;
    decoder = (FrameDecoder){.length = 0};
    if (size < 2 || size > MAX_INPUT) return 0;
    if (data[0] % 2 == 0) {
        decode(&decoder, data + 1, size - 1);
    } else {
        size_t length = size - 2 < MAX_PAYLOAD ? size - 2 : MAX_PAYLOAD;
        through_the_wire(&decoder, data[1], data + 2, length);
    }
    return 0;
}
