#include "frame.h"

#include <string.h>

// Half a byte at a time: a table of 64 bytes is fast enough for a serial line.
static uint32_t crc32_more(uint32_t crc, const uint8_t *bytes, size_t size) {
    static const uint32_t table[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
        0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

uint32_t crc32(const uint8_t *bytes, size_t size) { return ~crc32_more(~0u, bytes, size); }

// COBS in place: what is read is never before what is written. SIZE_MAX where it is not COBS.
static size_t unstuff(uint8_t *bytes, size_t size) {
    size_t from = 0, to = 0;
    while (from < size) {
        uint8_t code = bytes[from++];  // never 0: that ends a piece
        size_t run = (size_t)code - 1;
        if (run > size - from) return SIZE_MAX;
        memmove(bytes + to, bytes + from, run);
        from += run;
        to += run;
        if (code != 0xFF && from < size) bytes[to++] = 0;
    }
    return to;
}

static bool read_piece(Decoder *d, Frame *frame) {
    frame->piece = d->size;
    size_t size = unstuff(d->piece, d->size);
    if (size == SIZE_MAX || size < FRAME_EXTRA || size > PAYLOAD_MAX + FRAME_EXTRA) return false;
    const uint8_t *crc = d->piece + size - 4;
    uint32_t sent = (uint32_t)crc[0] | (uint32_t)crc[1] << 8 | (uint32_t)crc[2] << 16 |
                    (uint32_t)crc[3] << 24;
    if (crc32(d->piece, size - 4) != sent) return false;
    frame->type = d->piece[0];
    frame->seq = (uint16_t)(d->piece[1] | d->piece[2] << 8);
    frame->payload = d->piece + 3;
    frame->size = size - FRAME_EXTRA;
    return true;
}

static bool end_piece(Decoder *d, Frame *frame) {
    if (d->spilled || d->size == 0) return false;
    if (read_piece(d, frame)) return true;
    d->noise += d->size;
    return false;
}

bool decoder_take(Decoder *d, uint8_t byte, Frame *frame) {
    if (byte == 0) {
        bool found = end_piece(d, frame);
        d->size = 0;
        d->spilled = false;
        return found;
    }
    if (d->spilled) {
        d->noise++;
    } else if (d->size == PIECE_MAX) {
        d->noise += d->size + 1;
        d->spilled = true;
    } else {
        d->piece[d->size++] = byte;
    }
    return false;
}

typedef struct {
    uint8_t *out;
    size_t size;
    size_t code;  // where the code of the open block goes
} Stuffer;

static void open_block(Stuffer *s) { s->code = s->size++; }

static void close_block(Stuffer *s) { s->out[s->code] = (uint8_t)(s->size - s->code); }

static void stuff(Stuffer *s, const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        // A full block is closed only when a byte follows it, so none that is empty stands at the end.
        bool full = s->size - s->code == 0xFF;
        if (full) {
            close_block(s);
            open_block(s);
        }
        if (bytes[i] == 0) {
            close_block(s);
            open_block(s);
        } else {
            s->out[s->size++] = bytes[i];
        }
    }
}

size_t frame_write(uint8_t *out, uint8_t type, uint16_t seq, const uint8_t *payload, size_t size) {
    uint8_t head[3] = {type, (uint8_t)seq, (uint8_t)(seq >> 8)};
    uint32_t crc = ~crc32_more(crc32_more(~0u, head, sizeof head), payload, size);
    uint8_t tail[4] = {(uint8_t)crc, (uint8_t)(crc >> 8), (uint8_t)(crc >> 16), (uint8_t)(crc >> 24)};
    Stuffer s = {.out = out};
    out[s.size++] = 0;
    open_block(&s);
    stuff(&s, head, sizeof head);
    stuff(&s, payload, size);
    stuff(&s, tail, sizeof tail);
    close_block(&s);
    out[s.size++] = 0;
    return s.size;
}
