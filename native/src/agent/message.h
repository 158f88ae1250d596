// Payload fields of docs/protocol.md, read and written one after another.
#ifndef DUO_AGENT_MESSAGE_H
#define DUO_AGENT_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/frame.h"

enum {
    ASK_HELLO = 0x01,
    GENERATE,
    CANCEL,
    PAUSE,
    ACK,
    RESUME,
    PING,
    ASK_STATS,
    BYE,
    SPEAK,
    HUSH,
    LISTEN,
    ENOUGH,
    HELLO = 0x81,
    EVENT,
    STATS,
    PONG,
    REFUSED,
    GONE,
    SPEECH,
    SOUND,
    HEARING,
};

enum { PROTOCOL = 2 };
enum { KIND_START, KIND_TOKEN, KIND_END };
enum { REFUSED_BUSY = 1, REFUSED_SETTINGS, REFUSED_PROMPT, REFUSED_MODE, REFUSED_MEMORY };
enum { HELLO_EAR = 1 << 6, HELLO_VOICE = 1 << 7 };  // among the modes
enum { FLAG_PROBABILITIES = 1 };

// `bad` once a field is missing; then every field reads as 0.
typedef struct {
    const uint8_t *data;
    size_t length, at;
    bool bad;
} PayloadReader;

uint64_t read_uint(PayloadReader *r, int bytes);  // up to 8, little-endian
float read_float(PayloadReader *r);
const uint8_t *read_str(PayloadReader *r, size_t *length);
bool read_done(const PayloadReader *r);  // no field was missing and no byte is left

// `full` once a field did not fit; the payload is then invalid.
typedef struct {
    uint8_t data[MAX_PAYLOAD];
    size_t length;
    bool full;
} PayloadWriter;

void write_uint(PayloadWriter *w, uint64_t value, int bytes);
void write_float(PayloadWriter *w, float value);
void write_double(PayloadWriter *w, double value);
void write_bytes(PayloadWriter *w, const void *data, size_t length);
void write_str(PayloadWriter *w, const char *text, size_t length);  // u16 length first

#endif
