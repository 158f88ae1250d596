// Which event goes out next: the acknowledgements, the window and the going back of docs/protocol.md.
// Pure: the time is passed in, in microseconds.
#ifndef DUO_WINDOW_H
#define DUO_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum {
    WINDOW_EVENTS = 512,
    WAIT_FIRST = 300000,
    WAIT_LONGEST = 2400000,
    SILENCE = 4000000,
};

typedef struct {
    uint32_t acked;    // the first index that the host does not have
    uint32_t cursor;   // the index to send next
    uint32_t high;     // the first index that was never sent
    uint32_t repeats;  // events sent again, of all stories
    uint64_t since;    // when `wait` began
    uint64_t wait;     // how long without an acknowledgement before going back
    uint64_t heard;    // when the host last sent a frame
} Window;

// A story begins, or another one.
void window_begin(Window *window, uint64_t now);

// The host sent a frame.
void window_heard(Window *window, uint64_t now);

// The host was silent for so long that nothing may be sent.
bool window_quiet(const Window *window, uint64_t now);

void window_ack(Window *window, uint32_t next, uint64_t now);
void window_resume(Window *window, uint32_t next, uint32_t count, uint64_t now);

// The tty takes nothing: what waits in our own queue is not late.
void window_hold(Window *window, uint64_t now);

// Of `count` events that there are, should the one at `cursor` be sent? Goes back where it is time.
bool window_due(Window *window, uint32_t count, uint64_t now);
void window_sent(Window *window, uint64_t now);

// When window_due() may change by itself; UINT64_MAX for never.
uint64_t window_deadline(const Window *window, uint64_t now);

#endif
