// The story that the agent holds: a thread that tells it, and the events that it has told.
// Events stay until the next story begins, so that a host may ask for any of them again.
#ifndef DUO_STORY_H
#define DUO_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "infer/generator.h"

typedef enum { STATE_IDLE, STATE_TELLING, STATE_PAUSED } State;
typedef enum { REASON_STEPS, REASON_BOS, REASON_CANCELLED, REASON_FAILED } Reason;

typedef struct {
    uint32_t number;  // 0: there is no story
    State state;
    uint32_t events;  // START, the tokens so far, and END once it is over
    uint32_t tokens;
    uint64_t first;  // microseconds from START to the first token; 0: there is none yet
} Standing;

// What EVENT number `index` says. START is 0; END is the last one, after the tokens.
typedef struct {
    enum { EVENT_START, EVENT_TOKEN, EVENT_END } kind;
    uint64_t clock;
    Settings settings;   // START
    const int32_t *ids;  // START: the prompt; lives as long as the story
    size_t count;        // START: of ids
    Step step;           // TOKEN
    Reason reason;       // END
    uint32_t tokens;     // END
    double rate;         // END: tok/s as llama2.c counts
} Event;

// Start the thread. It writes a byte to `wake` whenever there is a new event.
bool story_thread(int wake, Failure *failure);

// Begin to tell. The story takes over `teller`. Only while nothing is being told.
bool story_begin(uint32_t number, Generator *generator, Failure *failure);

void story_cancel(void);
void story_pause(bool on);
Standing story_standing(void);

// `index` must be below story_standing().events.
Event story_event(uint32_t index);

#endif
