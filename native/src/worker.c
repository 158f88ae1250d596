#define _POSIX_C_SOURCE 200809L
#include "worker.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"

uint64_t clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

// A full pipe is awake enough.
static void wake(const Worker *w) {
    ssize_t written = write(w->wake, "", 1);
    (void)written;
}

// --- the thread

static void refuse(Worker *w, uint8_t code, Failure why) {
    pthread_mutex_lock(&w->lock);
    w->refused = true;
    w->refused_story = w->opening;
    w->refused_code = code;
    w->refused_why = why;
    w->opening = 0;
    w->busy = false;
    pthread_mutex_unlock(&w->lock);
    wake(w);
}

static Failure prompt_too_long(size_t count, size_t most) {
    Failure why;
    fail(&why, EXIT_USAGE, "the prompt has %zu tokens and at most %zu can be told; shorten it", count,
         most);
    return why;
}

// The settings were checked by the link, so what is bad now is the prompt.
static void refuse_unopened(Worker *w, Failure why) {
    if (why.status == EXIT_UNEXPECTED) {
        refuse(w, REFUSED_MEMORY, why);
        return;
    }
    size_t count = 0, most = (size_t)w->model->shape.context;
    Failure ignored;
    int32_t *ids = tokenizer_encode(w->tokenizer, w->prompt, &count, &ignored);
    free(ids);
    if (ids && count > most) refuse(w, REFUSED_PROMPT, prompt_too_long(count, most));
    else refuse(w, REFUSED_SETTINGS, why);
}

// START takes the place of the last story.
static bool begin(Worker *w, const Teller *teller, uint64_t clock) {
    Settings used = teller_settings(teller);
    size_t count;
    const int32_t *ids = teller_prompt(teller, &count);
    uint8_t body[PAYLOAD_MAX];
    size_t size = start_write(body, &(Start){
        .mode = (uint8_t)used.mode, .steps = used.steps, .temperature = used.temperature,
        .topp = used.topp, .seed = used.seed, .clock = clock, .ids = ids, .count = count,
    });
    pthread_mutex_lock(&w->lock);
    // The journal's first room is more than the longest START.
    bool begun = journal_begin(&w->journal, w->opening) &&
                 journal_add(&w->journal, KIND_START, body, size);
    if (begun) {
        w->tokens = 0;
        w->started = clock;
        w->opening = 0;
    }
    pthread_mutex_unlock(&w->lock);
    wake(w);
    return begun;
}

static Teller *open_story(Worker *w) {
    uint64_t clock = clock_now();
    Failure why;
    Teller *teller = teller_new(w->model, w->tokenizer, w->settings, w->prompt, &why);
    if (!teller) {
        refuse_unopened(w, why);
        return NULL;
    }
    size_t count;
    teller_prompt(teller, &count);
    if (count > START_IDS_MAX) {
        refuse(w, REFUSED_PROMPT, prompt_too_long(count, START_IDS_MAX));
    } else if (!begin(w, teller, clock)) {
        fail(&why, EXIT_UNEXPECTED, "not enough memory to keep a story");
        refuse(w, REFUSED_MEMORY, why);
    } else {
        return teller;
    }
    teller_free(teller);
    return NULL;
}

static bool may_go_on(Worker *w) {
    pthread_mutex_lock(&w->lock);
    while (w->pause && !w->cancel && !w->stop) pthread_cond_wait(&w->changed, &w->lock);
    bool go_on = !w->cancel && !w->stop;
    pthread_mutex_unlock(&w->lock);
    return go_on;
}

static bool add_token(Worker *w, const Next *next, uint64_t clock) {
    uint8_t body[PAYLOAD_MAX];
    size_t size = token_write(body, &(Token){
        .id = (uint32_t)next->id, .clock = clock, .probability = next->probability,
        .text = {(const uint8_t *)next->text, next->length},
    });
    pthread_mutex_lock(&w->lock);
    bool added = journal_add(&w->journal, KIND_TOKEN, body, size);
    if (added && w->tokens++ == 0) w->first = clock;
    pthread_mutex_unlock(&w->lock);
    wake(w);
    return added;
}

// Returns the reason of END. `last` gets the clock of the last token.
static uint8_t tell(Worker *w, Teller *teller, uint64_t *last) {
    Next next;
    while (may_go_on(w)) {
        if (!teller_next(teller, &next)) return REASON_STEPS;
        uint64_t clock = clock_now();
        if (!add_token(w, &next, clock)) return REASON_FAILED;
        *last = clock;
        if (next.id == TOKEN_BOS) return REASON_ENDED;
    }
    return REASON_CANCELLED;
}

static void end(Worker *w, uint8_t reason, uint64_t last) {
    pthread_mutex_lock(&w->lock);
    bool defined = w->tokens > 1 && last > w->first;
    uint8_t body[PAYLOAD_MAX];
    size_t size = end_write(body, &(End){
        .reason = reason, .tokens = w->tokens, .clock = clock_now(),
        .rate = defined ? (w->tokens - 1) / ((double)(last - w->first) / 1e6) : 0,
    });
    journal_add_last(&w->journal, KIND_END, body, size);
    w->busy = false;
    pthread_mutex_unlock(&w->lock);
    wake(w);
}

static bool wait_for_story(Worker *w) {
    pthread_mutex_lock(&w->lock);
    while (!w->busy && !w->stop) pthread_cond_wait(&w->changed, &w->lock);
    bool wanted = !w->stop;
    pthread_mutex_unlock(&w->lock);
    return wanted;
}

static void *work(void *argument) {
    Worker *w = argument;
    while (wait_for_story(w)) {
        Teller *teller = open_story(w);
        if (!teller) continue;
        uint64_t last = 0;
        uint8_t reason = tell(w, teller, &last);
        teller_free(teller);
        end(w, reason, last);
    }
    return NULL;
}

// --- the link's side

bool worker_start(Worker *w, const Model *model, const Tokenizer *tokenizer, int wake,
                  Failure *failure) {
    *w = (Worker){.model = model, .tokenizer = tokenizer, .wake = wake};
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    int error = pthread_create(&w->thread, NULL, work, w);
    if (error == 0) return true;
    return fail(failure, EXIT_UNEXPECTED, "cannot start a thread: %s; close other programs",
                strerror(error));
}

void worker_generate(Worker *w, uint32_t story, Settings settings, Text prompt) {
    w->opening = story;
    w->settings = settings;
    memcpy(w->prompt, prompt.bytes, prompt.size);
    w->prompt[prompt.size] = '\0';
    w->cancel = w->pause = w->refused = false;
    w->busy = true;
    pthread_cond_signal(&w->changed);
}

void worker_cancel(Worker *w) {
    w->cancel = true;
    pthread_cond_signal(&w->changed);
}

void worker_pause(Worker *w, bool pause) {
    w->pause = pause;
    pthread_cond_signal(&w->changed);
}

uint32_t worker_story(const Worker *w) { return w->opening ? w->opening : w->journal.story; }

uint8_t worker_state(const Worker *w) {
    if (!w->busy) return STATE_IDLE;
    return w->pause ? STATE_PAUSED : STATE_TELLING;
}

bool worker_stop(Worker *w) {
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    bool idle = !w->busy;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    if (!idle) return false;
    pthread_join(w->thread, NULL);
    journal_free(&w->journal);
    return true;
}
