// One thread runs generator_step() and appends to an array of timed tokens, under a mutex that it
// does not hold during a step. The thread of agent.c starts, pauses and cancels the job and reads
// events by their index.
#define _POSIX_C_SOURCE 200809L
#include "agent/generation_job.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

typedef struct {
    uint64_t clock;
    Step step;
} TimedToken;

static struct {
    pthread_mutex_t lock;  // guards everything below; not held during a step
    pthread_cond_t changed;
    int wake;
    uint32_t number;
    Generator *generator;
    uint64_t started;
    TimedToken *timed;  // (settings.steps)
    uint32_t tokens;
    bool running, paused, cancelled;
    EndReason reason;
    uint64_t ended;
} job = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

// One step, without the lock. False at the end of the story.
static bool run_step(void) {
    Step step;
    bool more = generator_step(job.generator, &step);
    uint64_t now = clock_now();

    pthread_mutex_lock(&job.lock);
    if (more) job.timed[job.tokens++] = (TimedToken){now, step};
    while (more && job.paused && !job.cancelled) {
        pthread_cond_wait(&job.changed, &job.lock);
    }
    bool cancelled = more && job.cancelled;
    if (!more || cancelled) {
        bool bos = job.tokens && job.timed[job.tokens - 1].step.id == TOKEN_BOS;
        bool failed = !more && generator_failure(job.generator);
        job.reason = cancelled ? REASON_CANCELLED
                     : failed  ? REASON_FAILED
                     : bos     ? REASON_BOS
                               : REASON_STEPS;
        job.ended = now;
        job.running = false;
    }
    pthread_mutex_unlock(&job.lock);

    // EAGAIN, a full pipe, is no error: it has woken the other thread already.
    if (write(job.wake, "", 1) < 0) return more && !cancelled;
    return more && !cancelled;
}

static void *run_jobs(void *unused) {
    for (;;) {
        pthread_mutex_lock(&job.lock);
        while (!job.running) pthread_cond_wait(&job.changed, &job.lock);
        pthread_mutex_unlock(&job.lock);
        while (run_step()) continue;
    }
    return unused;
}

bool job_start_thread(int wake, Failure *failure) {
    job.wake = wake;
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_jobs, NULL) != 0) {
        return fail(failure, EXIT_UNEXPECTED, "no thread can be started to tell in");
    }
    pthread_detach(thread);
    return true;
}

bool job_start(uint32_t number, Generator *generator, Failure *failure) {
    TimedToken *timed = malloc(generator_settings(generator).steps * sizeof *timed);
    if (!timed) {
        generator_free(generator);
        return fail(failure, EXIT_UNEXPECTED,
                    "not enough memory to keep a story; tell fewer steps");
    }
    pthread_mutex_lock(&job.lock);
    generator_free(job.generator);
    free(job.timed);
    job.number = number;
    job.generator = generator;
    job.timed = timed;
    job.started = clock_now();
    job.tokens = 0;
    job.paused = job.cancelled = false;
    job.running = true;
    pthread_cond_signal(&job.changed);
    pthread_mutex_unlock(&job.lock);
    return true;
}

void job_cancel(void) {
    pthread_mutex_lock(&job.lock);
    job.cancelled = true;
    pthread_cond_signal(&job.changed);
    pthread_mutex_unlock(&job.lock);
}

void job_pause(bool on) {
    pthread_mutex_lock(&job.lock);
    job.paused = on;
    pthread_cond_signal(&job.changed);
    pthread_mutex_unlock(&job.lock);
}

JobStatus job_status(void) {
    pthread_mutex_lock(&job.lock);
    JobStatus status = {.number = job.number, .tokens = job.tokens};
    if (job.running) status.state = job.paused ? JOB_PAUSED : JOB_RUNNING;
    if (job.number) status.events = 1 + job.tokens + (job.running ? 0 : 1);
    if (job.tokens) status.first = job.timed[0].clock - job.started;
    pthread_mutex_unlock(&job.lock);
    return status;
}

// tok/s over the steps after generator_warmup().
static double tokens_per_second(void) {
    uint32_t warm = generator_warmup(job.generator);
    if (job.tokens <= warm) return 0;
    uint64_t elapsed = job.timed[job.tokens - 1].clock - job.timed[warm - 1].clock;
    return elapsed ? (job.tokens - warm) * 1e6 / (double)elapsed : 0;
}

JobEvent job_event(uint32_t index) {
    pthread_mutex_lock(&job.lock);
    JobEvent event = {0};
    if (index == 0) {
        event.kind = EVENT_START;
        event.clock = job.started;
        event.settings = generator_settings(job.generator);
        event.ids = generator_prompt(job.generator, &event.count);
    } else if (index <= job.tokens) {
        event.kind = EVENT_TOKEN;
        event.clock = job.timed[index - 1].clock;
        event.step = job.timed[index - 1].step;
    } else {
        event.kind = EVENT_END;
        event.clock = job.ended;
        event.reason = job.reason;
        event.tokens = job.tokens;
        event.rate = tokens_per_second();
    }
    pthread_mutex_unlock(&job.lock);
    return event;
}
