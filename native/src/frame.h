// The frames of docs/protocol.md: bytes to type, seq and payload, and back. Pure: no input or output.
#ifndef DUO_FRAME_H
#define DUO_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PAYLOAD_MAX = 4096,
    FRAME_EXTRA = 7,                        // type, seq and CRC
    PIECE_MAX = PAYLOAD_MAX + FRAME_EXTRA   // between two 0x00: COBS adds a byte to each 254
              + (PAYLOAD_MAX + FRAME_EXTRA + 253) / 254,
    FRAME_MAX = PIECE_MAX + 2,
};

typedef struct {
    uint8_t type;
    uint16_t seq;
    size_t size;             // of the payload
    const uint8_t *payload;  // in the decoder; lives until its next byte
    size_t piece;            // bytes on the wire without the 0x00 around them
} Frame;

typedef struct {
    uint8_t piece[PIECE_MAX];
    size_t size;
    bool spilled;    // the piece is longer than a frame can be: noise until the next 0x00
    uint64_t noise;  // bytes that were in no frame
} Decoder;

uint32_t crc32(const uint8_t *bytes, size_t size);

// Take one byte. True, and `frame`, where it ends a frame. Starts from Decoder = {0}.
bool decoder_take(Decoder *decoder, uint8_t byte, Frame *frame);

// Write a frame to `out`, which has room for FRAME_MAX. `size` is at most PAYLOAD_MAX. Returns its bytes.
size_t frame_write(uint8_t *out, uint8_t type, uint16_t seq, const uint8_t *payload, size_t size);

#endif
