// The agent's generation job: a thread that generates one story, and its events. They are kept
// until the next job starts, so that the host can ask for any of them again.
#ifndef DUO_AGENT_GENERATION_JOB_H
#define DUO_AGENT_GENERATION_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "infer/generator.h"

typedef enum { JOB_IDLE, JOB_RUNNING, JOB_PAUSED } JobState;
typedef enum { REASON_STEPS, REASON_BOS, REASON_CANCELLED, REASON_FAILED } EndReason;

typedef struct {
    uint32_t number;  // 0: none yet
    JobState state;
    uint32_t events;  // START, the tokens so far, and END at the end
    uint32_t tokens;
    uint64_t first;  // microseconds from START to the first token; 0: none yet
} JobStatus;

// The EVENT of an index: 0 is START, then one for each token, then END.
typedef struct {
    enum { EVENT_START, EVENT_TOKEN, EVENT_END } kind;
    uint64_t clock;
    Settings settings;   // START
    const int32_t *ids;  // START: the prompt; valid until the next job
    size_t count;        // START: of ids
    Step step;           // TOKEN
    EndReason reason;    // END
    uint32_t tokens;     // END
    double rate;         // END: tok/s as llama2.c counts
} JobEvent;

// Start the thread. It writes a byte to `wake` for each new event.
bool job_start_thread(int wake, Failure *failure);

// Start a job, which takes over `generator`. Only call it while the state is JOB_IDLE.
bool job_start(uint32_t number, Generator *generator, Failure *failure);

void job_cancel(void);
void job_pause(bool on);
JobStatus job_status(void);

// `index` must be below job_status().events.
JobEvent job_event(uint32_t index);

#endif
