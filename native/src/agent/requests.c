#include "agent/requests.h"

#include <stdlib.h>
#include <string.h>

#include "agent/mic_process.h"
#include "agent/generation_job.h"
#include "agent/tts_process.h"
#include "base/clock.h"

enum { PROMPT_IDS = 1000 };  // that fit into the payload of START

void tell_stats(Agent *agent) {
    say_stats(&agent->outbox, agent->repeats, agent->decoder.noise);
}

static void refuse(Agent *agent, uint32_t number, uint8_t code, const char *text) {
    say_refused(&agent->outbox, number, code, text);
}

void rewind_to(Agent *agent, uint32_t index) {
    if (agent->cursor > index) agent->repeats += agent->cursor - index;
    agent->cursor = index;
}

static void patient(Agent *agent, uint64_t now) {
    agent->patience = REPEAT;
    agent->repeat = now + REPEAT;
}

// Why `teller_new` or `story_begin` failed, as a code.
static uint8_t refusal(Agent *agent, const Failure *failure, const char *prompt) {
    if (failure->status != EXIT_USAGE) return REFUSED_MEMORY;
    Failure ignored;
    size_t count = 0;
    free(tokenizer_encode(agent->tokenizer, prompt, &count, &ignored));
    return count > (size_t)agent->model.config.context ? REFUSED_PROMPT : REFUSED_SETTINGS;
}

static void generate(Agent *agent, uint32_t number, Settings settings, const char *prompt) {
    Standing s = story_standing();
    if (number == s.number && number != 0) {
        say_event(&agent->outbox, number, 0);  // asked again: the first answer was lost
        rewind_to(agent, agent->acknowledged);
        return;
    }
    if (s.state != STATE_IDLE) {
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
    voice_stop();  // before the model needs its memory
    ear_stop();
    Failure failure = {0};
    Generator *generator = generator_new(&agent->model, agent->tokenizer, settings, prompt, &failure);
    size_t count = 0;
    if (generator && generator_prompt(generator, &count) && count > PROMPT_IDS) {
        generator_free(generator);
        refuse(agent, number, REFUSED_PROMPT, "the prompt has more than 1000 tokens");
        return;
    }
    if (!generator || !story_begin(number, generator, &failure)) {
        refuse(agent, number, refusal(agent, &failure, prompt), failure.text);
        return;
    }
    agent->acknowledged = agent->cursor = 0;
    patient(agent, clock_now());
    agent->gauge = clock_now() + GAUGE;
}

static bool hear_generate(Agent *agent, Reader *r) {
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
    char prompt[FRAME_PAYLOAD + 1] = "";
    memcpy(prompt, text, length);
    prompt[length] = '\0';
    if (strlen(prompt) != length) {
        refuse(agent, number, REFUSED_SETTINGS, "the prompt has a NUL in it");
    } else {
        generate(agent, number, settings, prompt);
    }
    return true;
}

// Not while a story is told, whose time counts.
static bool hear_speak(Agent *agent, Reader *r) {
    uint32_t number = (uint32_t)read_uint(r, 4);
    uint8_t volume = (uint8_t)read_uint(r, 1);
    size_t length;
    const uint8_t *text = read_str(r, &length);
    if (!read_done(r)) return false;
    if (story_standing().state != STATE_IDLE) voice_refuse(number, "a story is being told");
    else if (voice_speak(number, volume, text, length)) ear_stop();
    say_speech(&agent->outbox, number);
    return true;
}

// Nor then; and what is said is broken off, or the board would hear itself.
static void listen_to(Agent *agent, uint32_t number) {
    if (story_standing().state != STATE_IDLE) ear_refuse(number, "a story is being told");
    else if (ear_listen(number)) voice_stop();
    say_hearing(&agent->outbox, number);
}

static void hear_position(Agent *agent, uint8_t type, uint32_t number, uint32_t next) {
    Standing s = story_standing();
    if (number != s.number || next > s.events) return;
    if (type == RESUME) {
        agent->acknowledged = next;
        rewind_to(agent, next);
        patient(agent, clock_now());
    } else if (next > agent->acknowledged) {
        agent->acknowledged = next;
        if (agent->cursor < next) agent->cursor = next;
        patient(agent, clock_now());
    }
}

void hear(Agent *agent, const Frame *frame) {
    Reader r = {.data = frame->payload, .length = frame->length};
    uint64_t now = clock_now();
    if (now - agent->heard > FORSAKEN) {
        rewind_to(agent, agent->acknowledged);
        patient(agent, now);
    }
    agent->heard = now;

    if (frame->type == GENERATE || frame->type == SPEAK) {
        bool known = frame->type == GENERATE ? hear_generate(agent, &r) : hear_speak(agent, &r);
        if (!known) agent->decoder.noise += frame->length + FRAME_LEAST;
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
        agent->decoder.noise += frame->length + FRAME_LEAST;
        return;
    }
    bool held = number != 0 && number == story_standing().number;
    switch (frame->type) {
        case ASK_HELLO: say_hello(&agent->outbox, &agent->identity); break;
        case CANCEL:
            if (held) story_cancel();
            if (held) rewind_to(agent, agent->acknowledged);
            break;
        case PAUSE:
            if (held) story_pause(next != 0);
            tell_stats(agent);
            break;
        case ACK:
        case RESUME: hear_position(agent, frame->type, number, next); break;
        case PING: say_pong(&agent->outbox, number, now); break;
        case ASK_STATS: tell_stats(agent); break;
        case HUSH:
            if (number == voice_speech()->number) voice_stop();
            say_speech(&agent->outbox, number);
            break;
        case LISTEN: listen_to(agent, number); break;
        case ENOUGH:
            if (number == ear_hearing()->number) ear_stop();
            say_hearing(&agent->outbox, number);
            break;
        case BYE:
            story_cancel();
            voice_stop();
            ear_stop();
            if (!agent->leaving) agent->leaving = now;
            break;
    }
}
