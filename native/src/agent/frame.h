// Frames on the wire, no I/O: 0x00 | COBS(type, seq, payload, crc32) | 0x00.
// docs/protocol.md is the specification; tests/vectors/frames.txt has examples.
#ifndef DUO_AGENT_FRAME_H
#define DUO_AGENT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

enum {
    FRAME_MIN = 7,                                      // bytes of a frame without payload
    FRAME_BODY = 1 + 2 + MAX_PAYLOAD + 4,               // type, seq, payload, crc32
    FRAME_STUFFED = FRAME_BODY + FRAME_BODY / 254 + 1,  // COBS adds one byte in each 254
    FRAME_WIRE = FRAME_STUFFED + 2,                     // and a 0x00 at each end
};

typedef struct {
    uint8_t type;
    uint16_t seq;
    const uint8_t *payload;  // in the decoder; valid until its next byte
    size_t length;
} Frame;

typedef struct {
    uint8_t piece[FRAME_STUFFED + 1];  // since the last 0x00
    size_t length;
    uint8_t body[FRAME_BODY];
    uint64_t noise;  // bytes outside valid frames
} FrameDecoder;

// Encode a frame into out (FRAME_WIRE); returns its bytes. length is at most MAX_PAYLOAD.
size_t frame_encode(uint8_t *out, uint8_t type, uint16_t seq, const uint8_t *payload,
                    size_t length);

// Decode one byte; true where it completes `frame`. Invalid bytes are counted as noise.
bool frame_decode(FrameDecoder *decoder, uint8_t byte, Frame *frame);

#endif
