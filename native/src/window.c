#include "window.h"

static void go_back(Window *w, uint64_t wait, uint64_t now) {
    w->cursor = w->acked;
    w->wait = wait;
    w->since = now;
}

void window_begin(Window *w, uint64_t now) {
    w->acked = w->high = 0;
    go_back(w, WAIT_FIRST, now);
}

void window_heard(Window *w, uint64_t now) {
    if (window_quiet(w, now)) go_back(w, WAIT_FIRST, now);
    w->heard = now;
}

bool window_quiet(const Window *w, uint64_t now) { return now - w->heard >= SILENCE; }

void window_ack(Window *w, uint32_t next, uint64_t now) {
    if (next <= w->acked || next > w->high) return;
    w->acked = next;
    if (w->cursor < next) w->cursor = next;
    w->wait = WAIT_FIRST;
    w->since = now;
}

void window_resume(Window *w, uint32_t next, uint32_t count, uint64_t now) {
    w->acked = next < count ? next : count;
    if (w->high < w->acked) w->high = w->acked;
    go_back(w, WAIT_FIRST, now);
}

void window_hold(Window *w, uint64_t now) { w->since = now; }

bool window_due(Window *w, uint32_t count, uint64_t now) {
    if (window_quiet(w, now)) return false;
    if (w->cursor > w->acked && now - w->since >= w->wait) {
        go_back(w, w->wait < WAIT_LONGEST / 2 ? w->wait * 2 : WAIT_LONGEST, now);
    }
    return w->cursor < count && w->cursor - w->acked < WINDOW_EVENTS;
}

void window_sent(Window *w, uint64_t now) {
    if (w->cursor == w->acked) w->since = now;
    if (w->cursor++ < w->high) w->repeats++;
    else w->high = w->cursor;
}

uint64_t window_deadline(const Window *w, uint64_t now) {
    if (window_quiet(w, now) || w->cursor == w->acked) return UINT64_MAX;
    return w->since + w->wait;
}
