// Payloads: the fields of docs/protocol.md, read from bytes and written into them, in order.
#ifndef DUO_MESSAGE_H
#define DUO_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/frame.h"

enum {
    ASK_HELLO = 0x01, GENERATE, CANCEL, PAUSE, ACK, RESUME, PING, ASK_STATS, BYE, SPEAK, HUSH,
    LISTEN, ENOUGH,
    HELLO = 0x81, EVENT, STATS, PONG, REFUSED, GONE, SPEECH, SOUND, HEARING,
};

enum { PROTOCOL = 2 };
enum { KIND_START, KIND_TOKEN, KIND_END };
enum { REFUSED_BUSY = 1, REFUSED_SETTINGS, REFUSED_PROMPT, REFUSED_MODE, REFUSED_MEMORY };
enum { HELLO_EAR = 1 << 6, HELLO_VOICE = 1 << 7 };  // among the modes
enum { FLAG_PROBABILITIES = 1 };

// Reads fields one after another. `bad` once one of them is not there; then every field is 0.
typedef struct {
    const uint8_t *data;
    size_t length, at;
    bool bad;
} Reader;

uint64_t read_uint(Reader *r, int bytes);  // up to 8, little-endian
float read_float(Reader *r);
const uint8_t *read_str(Reader *r, size_t *length);
bool read_done(const Reader *r);  // everything was there, and nothing else

// Writes fields one after another. `full` once one did not fit; the payload is then unusable.
typedef struct {
    uint8_t data[FRAME_PAYLOAD];
    size_t length;
    bool full;
} Writer;

void write_uint(Writer *w, uint64_t value, int bytes);
void write_float(Writer *w, float value);
void write_double(Writer *w, double value);
void write_bytes(Writer *w, const void *data, size_t length);
void write_str(Writer *w, const char *text, size_t length);  // u16 length first

#endif
