// The agent's frames (docs/protocol.md), queued until the tty takes them.
#ifndef DUO_AGENT_RESPONSES_H
#define DUO_AGENT_RESPONSES_H

#include <stdbool.h>

#include "agent/frame.h"
#include "agent/message.h"
#include "model/model.h"

typedef struct {
    uint8_t bytes[4 * FRAME_WIRE];  // not yet written
    size_t length;
    uint16_t seq;
} Outbox;

// The constant fields of HELLO.
typedef struct {
    const Model *model;
    const char *model_name;
    uint8_t model_hash[32], tokenizer_hash[32];
    char machine[128];
    uint64_t boot;
    bool voice, ear;
} Identity;

// Whether `frames` more frames of any size fit.
bool outbox_room(const Outbox *outbox, size_t frames);

// Queue a frame, or drop it where the outbox is full: the protocol recovers from lost frames.
void outbox_put(Outbox *outbox, uint8_t type, const PayloadWriter *payload);

// Write as much as the tty takes. False where it has hung up.
bool outbox_flush(Outbox *outbox, int tty);

void send_hello(Outbox *outbox, const Identity *identity);
void send_stats(Outbox *outbox, uint32_t repeats, uint64_t noise);
void send_refused(Outbox *outbox, uint32_t story, uint8_t code, const char *text);
void send_event(Outbox *outbox, uint32_t story, uint32_t index);
void send_pong(Outbox *outbox, uint32_t number, uint64_t clock);
void send_speech(Outbox *outbox, uint32_t number);
void send_hearing(Outbox *outbox, uint32_t number);

// The last audio frame of the microphone.
void send_sound(Outbox *outbox);

#endif
