// The engine's thread: it tells a story into the journal while the link answers the host.
#ifndef DUO_WORKER_H
#define DUO_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "journal.h"
#include "message.h"
#include "teller.h"

typedef struct {
    const Model *model;
    const Tokenizer *tokenizer;
    int wake;  // a byte is written there when something has changed for the link
    pthread_t thread;

    pthread_mutex_t lock;  // of everything below
    pthread_cond_t changed;
    bool busy;         // from worker_generate() to the END event or the refusal
    uint32_t opening;  // the story that is not in the journal yet; 0 for none
    bool cancel, pause, stop;
    Settings settings;  // of the story to tell
    char prompt[4096];
    bool refused;  // the story was not begun, and why
    uint32_t refused_story;
    uint8_t refused_code;
    Failure refused_why;
    Journal journal;
    uint32_t tokens;
    uint64_t started, first;  // clocks of START and of the first TOKEN
} Worker;

// Microseconds of the monotonic clock.
uint64_t clock_now(void);

// False, and `failure`, where there is no thread to be had.
bool worker_start(Worker *worker, const Model *model, const Tokenizer *tokenizer, int wake,
                  Failure *failure);

// Begin to tell. The caller holds the lock and the worker is not busy. `prompt` is shorter than 4096.
void worker_generate(Worker *worker, uint32_t story, Settings settings, Text prompt);

// The caller holds the lock.
void worker_cancel(Worker *worker);
void worker_pause(Worker *worker, bool pause);
uint32_t worker_story(const Worker *worker);
uint8_t worker_state(const Worker *worker);

// Stop at the next step. True where the thread has ended; false where it is still in a step, which
// may take seconds: then the process ends with it.
bool worker_stop(Worker *worker);

#endif
