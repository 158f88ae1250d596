// What the host asks, and what becomes of it: the agent's side of docs/protocol.md, without the
// terminal.
#ifndef DUO_HEAR_H
#define DUO_HEAR_H

#include "agent/responses.h"
#include "model/tokenizer.h"

// Microseconds; docs/protocol.md, "What makes it lose nothing".
enum { REPEAT = 300000, GAUGE = 250000, FORSAKEN = 4000000 };

typedef struct {
    Model model;
    Tokenizer *tokenizer;
    Identity identity;
    Decoder decoder;
    Outbox outbox;

    uint32_t acknowledged;  // events that the host has
    uint32_t cursor;        // the event that goes out next
    uint32_t repeats;
    uint64_t heard;   // when the host last sent a frame
    uint64_t repeat;  // when to go back to the last acknowledged event
    uint64_t patience;
    uint64_t gauge;  // when to send STATS next
    uint64_t leaving;  // when BYE was said
} Agent;

// A frame of the host's: its answer is in the outbox, or what it asks for has begun.
void hear(Agent *agent, const Frame *frame);

void tell_stats(Agent *agent);
void rewind_to(Agent *agent, uint32_t index);

#endif
