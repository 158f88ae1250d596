#include "message.h"

#include <string.h>

// --- reading: a cursor that stays at the end, broken, once it was asked for too much

typedef struct {
    const uint8_t *at;
    size_t left;
    bool broken;
} Reader;

static const uint8_t *take(Reader *r, size_t size) {
    if (size > r->left) {
        r->broken = true;
        r->left = 0;
        return NULL;
    }
    const uint8_t *bytes = r->at;
    r->at += size;
    r->left -= size;
    return bytes;
}

static uint64_t number(Reader *r, size_t size) {
    const uint8_t *bytes = take(r, size);
    uint64_t value = 0;
    for (size_t i = bytes ? size : 0; i > 0; i--) value = value << 8 | bytes[i - 1];
    return value;
}

static uint8_t u8(Reader *r) { return (uint8_t)number(r, 1); }
static uint32_t u32(Reader *r) { return (uint32_t)number(r, 4); }

static float f32(Reader *r) {
    uint32_t bits = u32(r);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static Text str(Reader *r) {
    size_t size = (size_t)number(r, 2);
    const uint8_t *bytes = take(r, size);
    return (Text){bytes, bytes ? size : 0};
}

static bool whole(const Reader *r) { return !r->broken && r->left == 0; }

bool generate_read(const uint8_t *payload, size_t size, Generate *g) {
    Reader r = {payload, size, false};
    g->story = u32(&r);
    g->mode = u8(&r);
    g->flags = u8(&r);
    g->steps = u32(&r);
    g->temperature = f32(&r);
    g->topp = f32(&r);
    g->seed = number(&r, 8);
    g->prompt = str(&r);
    return whole(&r);
}

bool command_read(uint8_t type, const uint8_t *payload, size_t size, Command *c) {
    Reader r = {payload, size, false};
    *c = (Command){0};
    switch (type) {
    case ASK_HELLO:
        c->number = u8(&r);
        break;
    case CANCEL:
        c->story = u32(&r);
        break;
    case PAUSE:
        c->story = u32(&r);
        c->number = u8(&r);
        break;
    case ACK:
    case RESUME:
        c->story = u32(&r);
        c->number = u32(&r);
        break;
    case PING:
        c->number = u32(&r);
        break;
    case ASK_STATS:
    case BYE:
        break;
    default:
        return false;
    }
    return whole(&r);
}

// --- writing

static uint8_t *put(uint8_t *at, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; i++, value >>= 8) *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_bytes(uint8_t *at, const uint8_t *bytes, size_t size) {
    if (size) memcpy(at, bytes, size);
    return at + size;
}

static uint8_t *put_f32(uint8_t *at, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return put(at, bits, 4);
}

static uint8_t *put_f64(uint8_t *at, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return put(at, bits, 8);
}

// Cut to `most` bytes.
static uint8_t *put_str(uint8_t *at, Text text, size_t most) {
    size_t size = text.size < most ? text.size : most;
    return put_bytes(put(at, size, 2), text.bytes, size);
}

size_t hello_write(uint8_t *out, const Hello *h) {
    uint8_t *at = put(out, h->protocol, 1);
    at = put(at, h->state, 1);
    at = put(at, h->boot, 8);
    at = put(at, h->story, 4);
    at = put(at, h->events, 4);
    at = put(at, h->modes, 1);
    at = put(at, h->vocabulary, 4);
    at = put(at, h->context, 4);
    at = put(at, h->parameters, 8);
    at = put_bytes(at, h->model_hash, sizeof h->model_hash);
    at = put_bytes(at, h->tokenizer_hash, sizeof h->tokenizer_hash);
    at = put_str(at, h->version, HELLO_TEXT_MAX);
    at = put_str(at, h->model, HELLO_TEXT_MAX);
    at = put_str(at, h->machine, HELLO_TEXT_MAX);
    return (size_t)(at - out);
}

size_t stats_write(uint8_t *out, const Stats *s) {
    uint8_t *at = put(out, s->story, 4);
    at = put(at, s->state, 1);
    at = put(at, s->tokens, 4);
    at = put(at, s->clock, 8);
    at = put(at, s->first, 8);
    at = put(at, s->rss, 4);
    at = put(at, s->peak, 4);
    at = put(at, s->faults, 8);
    at = put(at, s->repeats, 4);
    at = put(at, s->noise, 4);
    return (size_t)(at - out);
}

size_t pong_write(uint8_t *out, uint32_t nonce, uint64_t clock) {
    return (size_t)(put(put(out, nonce, 4), clock, 8) - out);
}

size_t refused_write(uint8_t *out, uint32_t story, uint8_t code, Text text) {
    uint8_t *at = put(put(out, story, 4), code, 1);
    return (size_t)(put_str(at, text, REFUSED_TEXT_MAX) - out);
}

size_t event_head_write(uint8_t *out, uint32_t story, uint32_t index, uint8_t kind) {
    return (size_t)(put(put(put(out, story, 4), index, 4), kind, 1) - out);
}

size_t start_write(uint8_t *out, const Start *s) {
    uint8_t *at = put(out, s->mode, 1);
    at = put(at, s->steps, 4);
    at = put_f32(at, s->temperature);
    at = put_f32(at, s->topp);
    at = put(at, s->seed, 8);
    at = put(at, s->clock, 8);
    at = put(at, s->count, 2);
    for (size_t i = 0; i < s->count; i++) at = put(at, (uint32_t)s->ids[i], 4);
    return (size_t)(at - out);
}

size_t token_write(uint8_t *out, const Token *t) {
    uint8_t *at = put(out, t->id, 4);
    at = put(at, t->clock, 8);
    at = put_f32(at, t->probability);
    return (size_t)(put_str(at, t->text, TOKEN_TEXT_MAX) - out);
}

size_t end_write(uint8_t *out, const End *e) {
    uint8_t *at = put(out, e->reason, 1);
    at = put(at, e->tokens, 4);
    at = put(at, e->clock, 8);
    return (size_t)(put_f64(at, e->rate) - out);
}
