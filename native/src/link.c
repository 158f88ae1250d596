#include "link.h"

#include <math.h>
#include <string.h>

#include "machine.h"
#include "utf8.h"

enum {
    STATS_EACH = 250000,  // microseconds
    EVENTS_ROOM = 1024,   // events are not queued behind more than this, so that a PONG comes soon
};

// --- output

static bool has_room(const Link *l) { return l->out_size + FRAME_MAX <= sizeof l->out; }

static void send(Link *l, uint8_t type, const uint8_t *payload, size_t size) {
    l->out_size += frame_write(l->out + l->out_size, type, l->seq++, payload, size);
}

const uint8_t *link_output(Link *l, size_t *size) {
    *size = l->out_size - l->out_at;
    return l->out + l->out_at;
}

void link_written(Link *l, size_t size) {
    l->out_at += size;
    size_t left = l->out_size - l->out_at;
    if (left > 0 && has_room(l)) return;
    memmove(l->out, l->out + l->out_at, left);
    l->out_size = left;
    l->out_at = 0;
}

void link_gone(Link *l) {
    l->out_at = l->out_size = 0;
    send(l, GONE, NULL, 0);
}

// --- answers

static void send_hello(Link *l) {
    const Worker *w = l->worker;
    l->hello.state = worker_state(w);
    l->hello.story = worker_story(w);
    l->hello.events = w->opening ? 0 : w->journal.count;
    uint8_t payload[PAYLOAD_MAX];
    send(l, HELLO, payload, hello_write(payload, &l->hello));
}

static uint32_t most32(uint64_t number) {
    return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

static void send_stats(Link *l, uint64_t now) {
    const Worker *w = l->worker;
    Memory memory = machine_memory();
    Stats stats = {
        .story = worker_story(w), .state = worker_state(w), .clock = now, .rss = memory.rss,
        .peak = memory.peak, .faults = memory.faults, .repeats = l->window.repeats,
        .noise = most32(l->noise + l->decoder.noise),
    };
    if (!w->opening) {
        stats.tokens = w->tokens;
        stats.first = w->tokens ? w->first - w->started : 0;
    }
    uint8_t payload[PAYLOAD_MAX];
    send(l, STATS, payload, stats_write(payload, &stats));
}

static void send_pong(Link *l, uint64_t now) {
    uint8_t payload[PAYLOAD_MAX];
    send(l, PONG, payload, pong_write(payload, l->nonce, now));
}

static void send_refused(Link *l) {
    const char *why = l->refused_why.text;
    uint8_t payload[PAYLOAD_MAX];
    send(l, REFUSED, payload, refused_write(payload, l->refused_story, l->refused_code,
                                            (Text){(const uint8_t *)why, strlen(why)}));
}

static void send_event(Link *l, uint32_t index) {
    size_t size;
    const uint8_t *event = journal_event(&l->worker->journal, index, &size);
    uint8_t payload[PAYLOAD_MAX];
    size_t head = event_head_write(payload, l->story, index, event[0]);
    memcpy(payload + head, event + 1, size - 1);
    send(l, EVENT, payload, head + size - 1);
}

static bool wanted(Link *l, bool *want) {
    if (!*want || !has_room(l)) return false;
    *want = false;
    return true;
}

static void send_answers(Link *l, uint64_t now) {
    if (wanted(l, &l->want_hello)) send_hello(l);
    if (wanted(l, &l->want_pong)) send_pong(l, now);
    if (wanted(l, &l->want_stats)) send_stats(l, now);
    if (wanted(l, &l->want_refused)) send_refused(l);
    if (wanted(l, &l->want_start) && l->worker->journal.count > 0) {
        l->window.repeats += l->window.high > 0;
        send_event(l, 0);
    }
}

static void refuse(Link *l, uint32_t story, uint8_t code, const Failure *why) {
    l->want_refused = true;
    l->refused_story = story;
    l->refused_code = code;
    l->refused_why = *why;
}

// --- GENERATE

static bool check_prompt(Text prompt, Failure *why) {
    char text[PAYLOAD_MAX + 1];
    memcpy(text, prompt.bytes, prompt.size);
    text[prompt.size] = '\0';
    if (strlen(text) == prompt.size && utf8_valid(text)) return true;
    return fail(why, EXIT_USAGE, "the prompt is not a text in UTF-8");
}

// 0 where there is nothing to refuse.
static uint8_t check_generate(const Link *l, const Generate *g, Failure *why) {
    if (g->mode >= 8 || !(l->hello.modes >> g->mode & 1)) {
        fail(why, EXIT_USAGE, "mode %d is not in this build", g->mode);
        return REFUSED_MODE;
    }
    if (g->story == 0) {
        fail(why, EXIT_USAGE, "a story's number is not 0");
    } else if (g->flags & ~FLAG_PROBABILITIES) {
        fail(why, EXIT_USAGE, "flags %d are not known", g->flags);
    } else if (!isfinite(g->temperature) || g->temperature < 0) {
        fail(why, EXIT_USAGE, "the temperature is not a number from 0 on");
    } else if (!(g->topp >= 0 && g->topp <= 1)) {
        fail(why, EXIT_USAGE, "top-p is not a number from 0 to 1");
    } else if (check_prompt(g->prompt, why)) {
        return 0;
    }
    return REFUSED_SETTINGS;
}

static void begin_story(Link *l, const Generate *g, uint64_t now) {
    Settings settings = {
        .mode = (Mode)g->mode, .steps = g->steps, .temperature = g->temperature, .topp = g->topp,
        .seed = g->seed ? g->seed : now | 1, .probabilities = g->flags & FLAG_PROBABILITIES,
    };
    worker_generate(l->worker, g->story, settings, g->prompt);
}

static void take_generate(Link *l, const Generate *g, uint64_t now) {
    Worker *w = l->worker;
    Failure why;
    // Asked again: event 0 shows that it was heard; what else is missing comes by itself or by RESUME.
    if (g->story != 0 && g->story == worker_story(w)) {
        l->want_start = !w->opening;
        return;
    }
    uint8_t code = check_generate(l, g, &why);
    if (code) {
        refuse(l, g->story, code, &why);
    } else if (w->busy) {
        fail(&why, EXIT_USAGE, "busy with story %u", worker_story(w));
        refuse(l, g->story, REFUSED_BUSY, &why);
    } else {
        begin_story(l, g, now);
    }
}

// --- input

// The window is always of the story in the journal.
static void follow_story(Link *l, uint64_t now) {
    if (l->story == l->worker->journal.story) return;
    l->story = l->worker->journal.story;
    l->want_start = false;
    window_begin(&l->window, now);
}

static void take_command(Link *l, uint8_t type, Command c, uint64_t now) {
    Worker *w = l->worker;
    bool held = c.story != 0 && c.story == worker_story(w);
    bool kept = held && !w->opening;
    switch (type) {
    case ASK_HELLO:
        l->want_hello = true;
        break;
    case CANCEL:
        if (held && w->busy) worker_cancel(w);
        break;
    case PAUSE:
        if (held && w->busy) worker_pause(w, c.number != 0);
        l->want_stats |= held;
        break;
    case ACK:
        if (kept) window_ack(&l->window, c.number, now);
        break;
    case RESUME:
        if (kept) window_resume(&l->window, c.number, w->journal.count, now);
        break;
    case PING:
        l->want_pong = true;
        l->nonce = c.number;
        break;
    case ASK_STATS:
        l->want_stats = true;
        break;
    case BYE:
        l->over = true;
        break;
    }
    // A host that speaks of another story learns which one is here.
    bool of_story = type == CANCEL || type == PAUSE || type == RESUME;
    if (of_story && !held) l->want_hello = true;
}

static void take_frame(Link *l, const Frame *frame, uint64_t now) {
    Generate generate;
    Command command;
    window_heard(&l->window, now);
    follow_story(l, now);
    if (frame->type == GENERATE && generate_read(frame->payload, frame->size, &generate)) {
        take_generate(l, &generate, now);
    } else if (command_read(frame->type, frame->payload, frame->size, &command)) {
        take_command(l, frame->type, command, now);
    } else {
        l->noise += frame->piece;
        return;
    }
    send_answers(l, now);
}

void link_take(Link *l, const uint8_t *bytes, size_t size, uint64_t now) {
    Frame frame;
    pthread_mutex_lock(&l->worker->lock);
    for (size_t i = 0; i < size && !l->over; i++) {
        if (decoder_take(&l->decoder, bytes[i], &frame)) take_frame(l, &frame, now);
    }
    pthread_mutex_unlock(&l->worker->lock);
}

// --- what is sent unasked

static void send_events(Link *l, uint64_t now) {
    while (l->out_size - l->out_at < EVENTS_ROOM && has_room(l)) {
        if (!window_due(&l->window, l->worker->journal.count, now)) return;
        send_event(l, l->window.cursor);
        window_sent(&l->window, now);
    }
    window_hold(&l->window, now);
}

static void send_gauge(Link *l, uint64_t now) {
    if (now < l->next_stats) return;
    l->next_stats = now + STATS_EACH;
    if (has_room(l)) send_stats(l, now);
}

static void take_refusal(Link *l) {
    Worker *w = l->worker;
    if (!w->refused) return;
    w->refused = false;
    refuse(l, w->refused_story, w->refused_code, &w->refused_why);
}

uint64_t link_fill(Link *l, uint64_t now) {
    Worker *w = l->worker;
    pthread_mutex_lock(&w->lock);
    follow_story(l, now);
    take_refusal(l);
    send_answers(l, now);
    send_events(l, now);
    uint64_t deadline = window_deadline(&l->window, now);
    if (worker_state(w) == STATE_TELLING && !window_quiet(&l->window, now)) {
        send_gauge(l, now);
        if (l->next_stats < deadline) deadline = l->next_stats;
    }
    pthread_mutex_unlock(&w->lock);
    return deadline;
}

void link_begin(Link *l, Worker *worker, uint64_t now) {
    l->worker = worker;
    l->window.heard = now;
    window_begin(&l->window, now);
    l->want_hello = true;
}

bool link_over(const Link *l) { return l->over; }
