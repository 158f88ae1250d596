#include "agent/frame.h"

#include <string.h>

#include "base/crc32.h"

// COBS (Cheshire and Baker 1999). A full block that ends the data is not followed by an empty one.
static size_t stuff(uint8_t *out, const uint8_t *body, size_t length) {
    size_t code = 0, at = 1;  // index of this block's length, of its next byte
    for (size_t i = 0; i < length; i++) {
        if (body[i] != 0) out[at++] = body[i];
        bool full = at - code == 255;
        if (body[i] == 0 || (full && i + 1 < length)) {
            out[code] = (uint8_t)(at - code);
            code = at++;
            // The zero after a full block is the next block's.
        }
    }
    out[code] = (uint8_t)(at - code);
    return at;
}

// Decode COBS into body (FRAME_BODY); false where `piece` is invalid or too long.
static bool unstuff(uint8_t *body, size_t *length, const uint8_t *piece, size_t stuffed) {
    size_t n = 0, at = 0;
    while (at < stuffed) {
        size_t code = piece[at], data = code - 1;
        if (code == 0 || at + code > stuffed || n + data > FRAME_BODY) return false;
        memcpy(body + n, piece + at + 1, data);
        n += data;
        at += code;
        if (code != 255 && at < stuffed) {
            if (n == FRAME_BODY) return false;
            body[n++] = 0;
        }
    }
    *length = n;
    return true;
}

size_t frame_encode(uint8_t *out, uint8_t type, uint16_t seq, const uint8_t *payload,
                    size_t length) {
    uint8_t body[FRAME_BODY] = {type, (uint8_t)seq, (uint8_t)(seq >> 8)};
    if (length) memcpy(body + 3, payload, length);
    uint32_t crc = crc32(body, 3 + length);
    for (int i = 0; i < 4; i++) body[3 + length + (size_t)i] = (uint8_t)(crc >> 8 * i);
    size_t stuffed = stuff(out + 1, body, 3 + length + 4);
    out[0] = out[1 + stuffed] = 0;
    return stuffed + 2;
}

static bool read_piece(FrameDecoder *d, Frame *frame) {
    size_t length = 0;
    if (!unstuff(d->body, &length, d->piece, d->length) || length < FRAME_MIN) return false;
    size_t end = length - 4;
    uint32_t crc = 0;
    for (int i = 0; i < 4; i++) crc |= (uint32_t)d->body[end + (size_t)i] << 8 * i;
    if (crc != crc32(d->body, end)) return false;
    *frame = (Frame){
        .type = d->body[0],
        .seq = (uint16_t)(d->body[1] | d->body[2] << 8),
        .payload = d->body + 3,
        .length = end - 3,
    };
    return true;
}

bool frame_decode(FrameDecoder *d, uint8_t byte, Frame *frame) {
    if (byte != 0) {
        d->piece[d->length++] = byte;
        if (d->length > FRAME_STUFFED) {
            d->noise += d->length;
            d->length = 0;
        }
        return false;
    }
    bool found = d->length > 0 && read_piece(d, frame);
    if (!found) d->noise += d->length;
    d->length = 0;
    return found;
}
