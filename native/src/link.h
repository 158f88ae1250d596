// What the agent answers: frames in, frames out, no input or output of its own.
#ifndef DUO_LINK_H
#define DUO_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "message.h"
#include "window.h"
#include "worker.h"

typedef struct {
    Worker *worker;
    Hello hello;  // without the fields that change
    Decoder decoder;
    uint64_t noise;  // bytes of frames that are no message
    Window window;
    uint32_t story;  // that the window is of
    uint16_t seq;
    uint64_t next_stats;
    bool over;
    // Answers that wait for room. Each is given once, however often it was asked for.
    bool want_hello, want_stats, want_pong, want_start, want_refused;
    uint32_t nonce;
    uint32_t refused_story;
    uint8_t refused_code;
    Failure refused_why;
    uint8_t out[4 * FRAME_MAX];
    size_t out_size, out_at;
} Link;

// `hello` must be filled. HELLO is sent first, unasked.
void link_begin(Link *link, Worker *worker, uint64_t now);

// Bytes from the host.
void link_take(Link *link, const uint8_t *bytes, size_t size, uint64_t now);

// BYE has come.
bool link_over(const Link *link);

// Make the frames that there are and have room. Returns when to come again if nothing happens.
uint64_t link_fill(Link *link, uint64_t now);

// Bytes to write, and that so many of them were written.
const uint8_t *link_output(Link *link, size_t *size);
void link_written(Link *link, size_t size);

// The last frame; drops what is still unwritten.
void link_gone(Link *link);

#endif
