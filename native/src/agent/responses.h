// What the agent says (docs/protocol.md): frames that wait for the terminal to take them.
#ifndef DUO_ANSWERS_H
#define DUO_ANSWERS_H

#include <stdbool.h>

#include "agent/frame.h"
#include "agent/message.h"
#include "model/model.h"

typedef struct {
    uint8_t bytes[4 * FRAME_WIRE];  // what the terminal has not taken yet
    size_t length;
    uint16_t seq;
} Outbox;

// What HELLO says, but for the story.
typedef struct {
    const Model *model;
    const char *model_name;
    uint8_t model_hash[32], tokenizer_hash[32];
    char machine[128];
    uint64_t boot;
    bool voice, ear;
} Identity;

// Whether `frames` of any size still fit.
bool outbox_room(const Outbox *outbox, size_t frames);

// Queue a frame. A frame that finds no room is lost, as on any wire: what matters is repeated.
void outbox_put(Outbox *outbox, uint8_t type, const Writer *payload);

// Let the terminal take what it takes. False when it is gone.
bool outbox_flush(Outbox *outbox, int terminal);

void say_hello(Outbox *outbox, const Identity *identity);
void say_stats(Outbox *outbox, uint32_t repeats, uint64_t noise);
void say_refused(Outbox *outbox, uint32_t story, uint8_t code, const char *text);
void say_event(Outbox *outbox, uint32_t story, uint32_t index);
void say_pong(Outbox *outbox, uint32_t number, uint64_t clock);
void say_speech(Outbox *outbox, uint32_t number);
void say_hearing(Outbox *outbox, uint32_t number);

// The last sound of the ear's.
void say_sound(Outbox *outbox);

#endif
