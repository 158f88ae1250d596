#include "agent/message.h"

#include <string.h>

static const uint8_t *take_bytes(PayloadReader *r, size_t count) {
    if (r->bad || count > r->length - r->at) {
        r->bad = true;
        return NULL;
    }
    r->at += count;
    return r->data + r->at - count;
}

uint64_t read_uint(PayloadReader *r, int bytes) {
    const uint8_t *p = take_bytes(r, (size_t)bytes);
    uint64_t value = 0;
    for (int i = 0; p && i < bytes; i++) value |= (uint64_t)p[i] << 8 * i;
    return value;
}

float read_float(PayloadReader *r) {
    uint32_t bits = (uint32_t)read_uint(r, 4);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

const uint8_t *read_str(PayloadReader *r, size_t *length) {
    *length = (size_t)read_uint(r, 2);
    return take_bytes(r, *length);
}

bool read_done(const PayloadReader *r) { return !r->bad && r->at == r->length; }

void write_bytes(PayloadWriter *w, const void *data, size_t length) {
    if (w->full || length > sizeof w->data - w->length) {
        w->full = true;
        return;
    }
    if (length) memcpy(w->data + w->length, data, length);
    w->length += length;
}

void write_uint(PayloadWriter *w, uint64_t value, int bytes) {
    uint8_t field[8];
    for (int i = 0; i < bytes; i++) field[i] = (uint8_t)(value >> 8 * i);
    write_bytes(w, field, (size_t)bytes);
}

void write_float(PayloadWriter *w, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    write_uint(w, bits, 4);
}

void write_double(PayloadWriter *w, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    write_uint(w, bits, 8);
}

void write_str(PayloadWriter *w, const char *text, size_t length) {
    if (length > UINT16_MAX) {
        w->full = true;
        return;
    }
    write_uint(w, length, 2);
    write_bytes(w, text, length);
}
