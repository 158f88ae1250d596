#define _POSIX_C_SOURCE 200809L
#include "agent/generation_job.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

typedef struct {
    uint64_t clock;
    Step step;
} Told;

static struct {
    pthread_mutex_t lock;  // of everything below; never held during a step
    pthread_cond_t changed;
    int wake;
    uint32_t number;
    Generator *generator;
    uint64_t started;
    Told *told;  // (settings.steps)
    uint32_t tokens;
    bool telling, paused, cancelled;
    Reason reason;
    uint64_t ended;
} story = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

// One step, without the lock; false when the story is over.
static bool step(void) {
    Step step;
    bool more = generator_step(story.generator, &step);
    uint64_t now = clock_now();

    pthread_mutex_lock(&story.lock);
    if (more) story.told[story.tokens++] = (Told){now, step};
    while (more && story.paused && !story.cancelled) {
        pthread_cond_wait(&story.changed, &story.lock);
    }
    bool cancelled = more && story.cancelled;
    if (!more || cancelled) {
        bool bos = story.tokens && story.told[story.tokens - 1].step.id == TOKEN_BOS;
        bool failed = !more && generator_failure(story.generator);
        story.reason = cancelled ? REASON_CANCELLED
                       : failed  ? REASON_FAILED
                       : bos     ? REASON_BOS
                                 : REASON_STEPS;
        story.ended = now;
        story.telling = false;
    }
    pthread_mutex_unlock(&story.lock);

    // A full pipe has woken the link already.
    if (write(story.wake, "", 1) < 0) return more && !cancelled;
    return more && !cancelled;
}

static void *tell(void *unused) {
    for (;;) {
        pthread_mutex_lock(&story.lock);
        while (!story.telling) pthread_cond_wait(&story.changed, &story.lock);
        pthread_mutex_unlock(&story.lock);
        while (step()) continue;
    }
    return unused;
}

bool story_thread(int wake, Failure *failure) {
    story.wake = wake;
    pthread_t thread;
    if (pthread_create(&thread, NULL, tell, NULL) != 0) {
        return fail(failure, EXIT_UNEXPECTED, "no thread can be started to tell in");
    }
    pthread_detach(thread);
    return true;
}

bool story_begin(uint32_t number, Generator *generator, Failure *failure) {
    Told *told = malloc(generator_settings(generator).steps * sizeof *told);
    if (!told) {
        generator_free(generator);
        return fail(failure, EXIT_UNEXPECTED, "not enough memory to keep a story; tell fewer steps");
    }
    pthread_mutex_lock(&story.lock);
    generator_free(story.generator);
    free(story.told);
    story.number = number;
    story.generator = generator;
    story.told = told;
    story.started = clock_now();
    story.tokens = 0;
    story.paused = story.cancelled = false;
    story.telling = true;
    pthread_cond_signal(&story.changed);
    pthread_mutex_unlock(&story.lock);
    return true;
}

void story_cancel(void) {
    pthread_mutex_lock(&story.lock);
    story.cancelled = true;
    pthread_cond_signal(&story.changed);
    pthread_mutex_unlock(&story.lock);
}

void story_pause(bool on) {
    pthread_mutex_lock(&story.lock);
    story.paused = on;
    pthread_cond_signal(&story.changed);
    pthread_mutex_unlock(&story.lock);
}

Standing story_standing(void) {
    pthread_mutex_lock(&story.lock);
    Standing standing = {.number = story.number, .tokens = story.tokens};
    if (story.telling) standing.state = story.paused ? STATE_PAUSED : STATE_TELLING;
    if (story.number) standing.events = 1 + story.tokens + (story.telling ? 0 : 1);
    if (story.tokens) standing.first = story.told[0].clock - story.started;
    pthread_mutex_unlock(&story.lock);
    return standing;
}

// Tokens after the warmup, over the time from its end to the end of the last one.
static double rate(void) {
    uint32_t warm = generator_warmup(story.generator);
    if (story.tokens <= warm) return 0;
    uint64_t elapsed = story.told[story.tokens - 1].clock - story.told[warm - 1].clock;
    return elapsed ? (story.tokens - warm) * 1e6 / (double)elapsed : 0;
}

Event story_event(uint32_t index) {
    pthread_mutex_lock(&story.lock);
    Event event = {0};
    if (index == 0) {
        event.kind = EVENT_START;
        event.clock = story.started;
        event.settings = generator_settings(story.generator);
        event.ids = generator_prompt(story.generator, &event.count);
    } else if (index <= story.tokens) {
        event.kind = EVENT_TOKEN;
        event.clock = story.told[index - 1].clock;
        event.step = story.told[index - 1].step;
    } else {
        event.kind = EVENT_END;
        event.clock = story.ended;
        event.reason = story.reason;
        event.tokens = story.tokens;
        event.rate = rate();
    }
    pthread_mutex_unlock(&story.lock);
    return event;
}
