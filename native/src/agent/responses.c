#include "agent/responses.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "agent/generation_job.h"
#include "agent/mic_process.h"
#include "agent/system_info.h"
#include "agent/tts_process.h"
#include "base/clock.h"
#include "base/version.h"

enum { PIECE = 4000 };  // most bytes of a token's text in a payload

bool outbox_room(const Outbox *o, size_t frames) {
    return sizeof o->bytes - o->length >= frames * FRAME_WIRE;
}

void outbox_put(Outbox *o, uint8_t type, const PayloadWriter *payload) {
    if (payload->full || !outbox_room(o, 1)) return;
    o->length += frame_encode(o->bytes + o->length, type, o->seq++, payload->data, payload->length);
}

bool outbox_flush(Outbox *o, int tty) {
    ssize_t taken = write(tty, o->bytes, o->length);
    if (taken < 0) return errno == EAGAIN || errno == EINTR;
    o->length -= (size_t)taken;
    memmove(o->bytes, o->bytes + taken, o->length);
    return true;
}

void send_hello(Outbox *o, const Identity *of) {
    JobStatus s = job_status();
    PayloadWriter w = {.length = 0};
    write_uint(&w, PROTOCOL, 1);
    write_uint(&w, s.state, 1);
    write_uint(&w, of->boot, 8);
    write_uint(&w, s.number, 4);
    write_uint(&w, s.events, 4);
    uint64_t modes = 0;
    for (Mode mode = MODE_REFERENCE; mode <= MODE_FAST; mode++) {
        if (model_has_mode(of->model, mode)) modes |= 1u << mode;
    }
    if (of->ear) modes |= HELLO_EAR;
    if (of->voice) modes |= HELLO_VOICE;
    write_uint(&w, modes, 1);
    write_uint(&w, (uint32_t)of->model->config.vocab, 4);
    write_uint(&w, (uint32_t)of->model->config.context, 4);
    write_uint(&w, of->model->parameters, 8);
    write_bytes(&w, of->model_hash, 32);
    write_bytes(&w, of->tokenizer_hash, 32);
    write_str(&w, DUO_VERSION, strlen(DUO_VERSION));
    write_str(&w, of->model_name, strlen(of->model_name));
    write_str(&w, of->machine, strlen(of->machine));
    outbox_put(o, HELLO, &w);
}

void send_stats(Outbox *o, uint32_t repeats, uint64_t noise) {
    MemoryUsage usage = memory_usage();
    JobStatus s = job_status();
    PayloadWriter w = {.length = 0};
    write_uint(&w, s.number, 4);
    write_uint(&w, s.state, 1);
    write_uint(&w, s.tokens, 4);
    write_uint(&w, clock_now(), 8);
    write_uint(&w, s.first, 8);
    write_uint(&w, usage.resident, 4);
    write_uint(&w, usage.peak, 4);
    write_uint(&w, usage.faults, 8);
    write_uint(&w, repeats, 4);
    write_uint(&w, (uint32_t)noise, 4);
    outbox_put(o, STATS, &w);
}

void send_refused(Outbox *o, uint32_t story, uint8_t code, const char *text) {
    PayloadWriter w = {.length = 0};
    write_uint(&w, story, 4);
    write_uint(&w, code, 1);
    write_str(&w, text, strlen(text));
    outbox_put(o, REFUSED, &w);
}

void send_event(Outbox *o, uint32_t story, uint32_t index) {
    JobEvent e = job_event(index);
    PayloadWriter w = {.length = 0};
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
            write_uint(&w, (uint32_t)e.step.id, 4);
            write_uint(&w, e.clock, 8);
            write_float(&w, e.step.probability);
            write_str(&w, e.step.text, e.step.length < PIECE ? e.step.length : PIECE);
            break;
        case EVENT_END:
            write_uint(&w, e.reason, 1);
            write_uint(&w, e.tokens, 4);
            write_uint(&w, e.clock, 8);
            write_double(&w, e.rate);
            break;
    }
    outbox_put(o, EVENT, &w);
}

void send_pong(Outbox *o, uint32_t number, uint64_t clock) {
    PayloadWriter w = {.length = 0};
    write_uint(&w, number, 4);
    write_uint(&w, clock, 8);
    outbox_put(o, PONG, &w);
}

void send_speech(Outbox *o, uint32_t number) {
    static const TtsStatus unknown;
    const TtsStatus *s = number == tts_status()->number ? tts_status() : &unknown;
    PayloadWriter w = {.length = 0};
    write_uint(&w, number, 4);
    write_uint(&w, s->state, 1);
    write_uint(&w, clock_now(), 8);
    write_uint(&w, s->asked, 8);
    write_uint(&w, s->begun, 8);
    write_uint(&w, s->ended, 8);
    write_uint(&w, s->length, 4);
    write_str(&w, s->trouble, s->state == TTS_FAILED ? strlen(s->trouble) : 0);
    write_uint(&w, s->count, 2);
    for (size_t i = 0; i < s->count; i++) {
        write_uint(&w, s->words[i].begins, 4);
        write_uint(&w, s->words[i].at, 2);
        write_uint(&w, s->words[i].size, 2);
    }
    outbox_put(o, SPEECH, &w);
}

void send_hearing(Outbox *o, uint32_t number) {
    static const MicStatus unknown;
    const MicStatus *h = number == mic_status()->number ? mic_status() : &unknown;
    PayloadWriter w = {.length = 0};
    write_uint(&w, number, 4);
    write_uint(&w, h->state, 1);
    write_str(&w, h->trouble, strlen(h->trouble));
    outbox_put(o, HEARING, &w);
}

void send_sound(Outbox *o) {
    const AudioFrame *s = mic_frame();
    PayloadWriter w = {.length = 0};
    write_uint(&w, mic_status()->number, 4);
    write_uint(&w, s->index, 4);
    write_uint(&w, (uint16_t)s->predictor, 2);
    write_uint(&w, s->step, 1);
    write_str(&w, (const char *)s->data, sizeof s->data);
    outbox_put(o, SOUND, &w);
}
