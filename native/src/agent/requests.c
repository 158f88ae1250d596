#include "agent/requests.h"

#include <stdlib.h>
#include <string.h>

#include "agent/generation_job.h"
#include "agent/mic_process.h"
#include "agent/tts_process.h"
#include "base/clock.h"
#include "base/limits.h"

#define TEXT(limit) TEXT_(limit)
#define TEXT_(text) #text

void send_agent_stats(Agent *agent) {
    send_stats(&agent->outbox, agent->repeats, agent->decoder.noise);
}

static void refuse(Agent *agent, uint32_t number, uint8_t code, const char *text) {
    send_refused(&agent->outbox, number, code, text);
}

void rewind_to(Agent *agent, uint32_t index) {
    if (agent->cursor > index) agent->repeats += agent->cursor - index;
    agent->cursor = index;
}

static void reset_backoff(Agent *agent, uint64_t now) {
    agent->backoff = RETRANSMIT_AFTER;
    agent->retransmit_at = now + RETRANSMIT_AFTER;
}

// The code of REFUSED for a failed generator_new() or job_start().
static uint8_t refusal_code(Agent *agent, const Failure *failure, const char *prompt) {
    if (failure->status != EXIT_USAGE) return REFUSED_MEMORY;
    Failure ignored;
    size_t count = 0;
    free(tokenizer_encode(agent->tokenizer, prompt, &count, &ignored));
    return count > (size_t)agent->model.config.context ? REFUSED_PROMPT : REFUSED_SETTINGS;
}

static void start_generation(Agent *agent, uint32_t number, Settings settings, const char *prompt) {
    JobStatus s = job_status();
    if (number == s.number && number != 0) {
        send_event(&agent->outbox, number, 0);  // asked again: the first response was lost
        rewind_to(agent, agent->acknowledged);
        return;
    }
    if (s.state != JOB_IDLE) {
        refuse(agent, number, REFUSED_BUSY, "another story is being told");
        return;
    }
    if (number == 0) {
        refuse(agent, number, REFUSED_SETTINGS, "there is no story 0");
        return;
    }
    if (!model_has_mode(&agent->model, settings.mode)) {
        refuse(agent, number, REFUSED_MODE, "this model was packed without that mode");
        return;
    }
    tts_stop();  // frees their memory for the model
    mic_stop();
    Failure failure = {0};
    Generator *generator =
        generator_new(&agent->model, agent->tokenizer, settings, prompt, &failure);
    size_t count = 0;
    if (generator && generator_prompt(generator, &count) && count > MAX_PROMPT_TOKENS) {
        generator_free(generator);
        refuse(agent, number, REFUSED_PROMPT,
               "the prompt has more than " TEXT(MAX_PROMPT_TOKENS) " tokens");
        return;
    }
    if (!generator || !job_start(number, generator, &failure)) {
        refuse(agent, number, refusal_code(agent, &failure, prompt), failure.text);
        return;
    }
    agent->acknowledged = agent->cursor = 0;
    reset_backoff(agent, clock_now());
    agent->stats_at = clock_now() + STATS_INTERVAL;
}

static bool handle_generate(Agent *agent, PayloadReader *r) {
    uint32_t number = (uint32_t)read_uint(r, 4);
    Settings settings = {.mode = (Mode)read_uint(r, 1)};
    settings.probabilities = read_uint(r, 1) & FLAG_PROBABILITIES;
    settings.steps = (uint32_t)read_uint(r, 4);
    settings.temperature = read_float(r);
    settings.topp = read_float(r);
    settings.seed = read_uint(r, 8);
    if (settings.seed == 0) settings.seed = clock_now() | 1;
    size_t length;
    const uint8_t *text = read_str(r, &length);
    if (!read_done(r)) return false;
    char prompt[MAX_PAYLOAD + 1] = "";
    memcpy(prompt, text, length);
    prompt[length] = '\0';
    if (strlen(prompt) != length) {
        refuse(agent, number, REFUSED_SETTINGS, "the prompt has a NUL in it");
    } else {
        start_generation(agent, number, settings, prompt);
    }
    return true;
}

// Refused while a story is generated: speech would slow it down.
static bool handle_speak(Agent *agent, PayloadReader *r) {
    uint32_t number = (uint32_t)read_uint(r, 4);
    uint8_t volume = (uint8_t)read_uint(r, 1);
    size_t length;
    const uint8_t *text = read_str(r, &length);
    if (!read_done(r)) return false;
    if (job_status().state != JOB_IDLE) tts_refuse(number, "a story is being told");
    else if (tts_speak(number, volume, text, length)) mic_stop();
    send_speech(&agent->outbox, number);
    return true;
}

// Refused while a story is generated. Stops speech, which the microphone would record.
static void handle_listen(Agent *agent, uint32_t number) {
    if (job_status().state != JOB_IDLE) mic_refuse(number, "a story is being told");
    else if (mic_start(number)) tts_stop();
    send_hearing(&agent->outbox, number);
}

static void handle_position(Agent *agent, uint8_t type, uint32_t number, uint32_t next) {
    JobStatus s = job_status();
    if (number != s.number || next > s.events) return;
    if (type == RESUME) {
        agent->acknowledged = next;
        rewind_to(agent, next);
        reset_backoff(agent, clock_now());
    } else if (next > agent->acknowledged) {
        agent->acknowledged = next;
        if (agent->cursor < next) agent->cursor = next;
        reset_backoff(agent, clock_now());
    }
}

void handle_request(Agent *agent, const Frame *frame) {
    PayloadReader r = {.data = frame->payload, .length = frame->length};
    uint64_t now = clock_now();
    if (now - agent->heard_at > HOST_TIMEOUT) {
        rewind_to(agent, agent->acknowledged);
        reset_backoff(agent, now);
    }
    agent->heard_at = now;

    if (frame->type == GENERATE || frame->type == SPEAK) {
        bool known = frame->type == GENERATE ? handle_generate(agent, &r) : handle_speak(agent, &r);
        if (!known) agent->decoder.noise += frame->length + FRAME_MIN;
        return;
    }
    uint32_t number = 0, next = 0;
    switch (frame->type) {
        case ASK_HELLO: read_uint(&r, 1); break;
        case CANCEL:
        case HUSH:
        case LISTEN:
        case ENOUGH:
        case PING: number = (uint32_t)read_uint(&r, 4); break;
        case PAUSE:
            number = (uint32_t)read_uint(&r, 4);
            next = (uint32_t)read_uint(&r, 1);
            break;
        case ACK:
        case RESUME:
            number = (uint32_t)read_uint(&r, 4);
            next = (uint32_t)read_uint(&r, 4);
            break;
        case ASK_STATS:
        case BYE: break;
        default: r.bad = true;
    }
    if (!read_done(&r)) {
        agent->decoder.noise += frame->length + FRAME_MIN;
        return;
    }
    bool held = number != 0 && number == job_status().number;
    switch (frame->type) {
        case ASK_HELLO: send_hello(&agent->outbox, &agent->identity); break;
        case CANCEL:
            if (held) job_cancel();
            if (held) rewind_to(agent, agent->acknowledged);
            break;
        case PAUSE:
            if (held) job_pause(next != 0);
            send_agent_stats(agent);
            break;
        case ACK:
        case RESUME: handle_position(agent, frame->type, number, next); break;
        case PING: send_pong(&agent->outbox, number, now); break;
        case ASK_STATS: send_agent_stats(agent); break;
        case HUSH:
            if (number == tts_status()->number) tts_stop();
            send_speech(&agent->outbox, number);
            break;
        case LISTEN: handle_listen(agent, number); break;
        case ENOUGH:
            if (number == mic_status()->number) mic_stop();
            send_hearing(&agent->outbox, number);
            break;
        case BYE:
            job_cancel();
            tts_stop();
            mic_stop();
            if (!agent->bye_at) agent->bye_at = now;
            break;
    }
}
