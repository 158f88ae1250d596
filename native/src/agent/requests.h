// Handles the host's requests (docs/protocol.md), without I/O on the tty.
#ifndef DUO_AGENT_REQUESTS_H
#define DUO_AGENT_REQUESTS_H

#include "agent/responses.h"
#include "model/tokenizer.h"

// Microseconds; docs/protocol.md, "What makes it lose nothing".
enum { RETRANSMIT_AFTER = 300000, STATS_INTERVAL = 250000, HOST_TIMEOUT = 4000000 };

typedef struct {
    Model model;
    Tokenizer *tokenizer;
    Identity identity;
    FrameDecoder decoder;
    Outbox outbox;

    uint32_t acknowledged;   // events that the host has acknowledged
    uint32_t cursor;         // index of the event to send next
    uint32_t repeats;        // events sent again
    uint64_t heard_at;       // time of the host's last frame
    uint64_t retransmit_at;  // time to go back to the last acknowledged event
    uint64_t backoff;        // until the next retransmission, microseconds
    uint64_t stats_at;       // time to send STATS
    uint64_t bye_at;         // time of BYE; 0: none yet
} Agent;

// Handle one frame of the host: queue its response, or start what it asks for.
void handle_request(Agent *agent, const Frame *frame);

void send_agent_stats(Agent *agent);
void rewind_to(Agent *agent, uint32_t index);

#endif
