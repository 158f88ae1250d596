#define _GNU_SOURCE
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answers.h"
#include "machine.h"
#include "story.h"
#include "terminal.h"

// Microseconds; docs/protocol.md, "What makes it lose nothing".
enum { REPEAT = 300000, REPEAT_MOST = 2400000, GAUGE = 250000, FORSAKEN = 4000000 };
enum { FAREWELL = 1000000 };  // for a host that says BYE and then reads nothing
enum { WINDOW = 512 };       // events past the last acknowledged one
enum { PROMPT_IDS = 1000 };  // that fit into the payload of START

static struct {
    Weights weights;
    Tokenizer *tokenizer;
    Identity identity;
    Decoder decoder;
    Outbox outbox;

    uint32_t acknowledged;  // events that the host has
    uint32_t cursor;        // the event that goes out next
    uint32_t repeats;
    uint64_t heard;   // when the host last sent a frame
    uint64_t repeat;  // when to go back to the last acknowledged event
    uint64_t patience;
    uint64_t gauge;  // when to send STATS next
    uint64_t leaving;  // when BYE was said
    bool gone;         // GONE is in the outbox
    int terminal;
} agent;

static int wake[2];  // the story's thread writes a zero, a signal its number

// --- what the host asks

static void tell_stats(void) {
    say_stats(&agent.outbox, agent.repeats, agent.decoder.noise);
}

static void refuse(uint32_t number, uint8_t code, const char *text) {
    say_refused(&agent.outbox, number, code, text);
}

static void rewind_to(uint32_t index) {
    if (agent.cursor > index) agent.repeats += agent.cursor - index;
    agent.cursor = index;
}

static void patient(uint64_t now) {
    agent.patience = REPEAT;
    agent.repeat = now + REPEAT;
}

// Why `teller_new` or `story_begin` failed, as a code.
static uint8_t refusal(const Failure *failure, const char *prompt) {
    if (failure->status != EXIT_USAGE) return REFUSED_MEMORY;
    Failure ignored;
    size_t count = 0;
    free(tokenizer_encode(agent.tokenizer, prompt, &count, &ignored));
    return count > (size_t)agent.weights.shape.context ? REFUSED_PROMPT : REFUSED_SETTINGS;
}

static void generate(uint32_t number, Settings settings, const char *prompt) {
    Standing s = story_standing();
    if (number == s.number && number != 0) {
        say_event(&agent.outbox, number, 0);  // asked again: the first answer was lost
        rewind_to(agent.acknowledged);
        return;
    }
    if (s.state != STATE_IDLE) {
        refuse(number, REFUSED_BUSY, "another story is being told");
        return;
    }
    if (number == 0) {
        refuse(number, REFUSED_SETTINGS, "there is no story 0");
        return;
    }
    if (!weights_has(&agent.weights, settings.mode)) {
        refuse(number, REFUSED_MODE, "this model was packed without that mode");
        return;
    }
    Failure failure = {0};
    Teller *teller = teller_new(&agent.weights, agent.tokenizer, settings, prompt, &failure);
    size_t count = 0;
    if (teller && teller_prompt(teller, &count) && count > PROMPT_IDS) {
        teller_free(teller);
        refuse(number, REFUSED_PROMPT, "the prompt has more than 1000 tokens");
        return;
    }
    if (!teller || !story_begin(number, teller, &failure)) {
        refuse(number, refusal(&failure, prompt), failure.text);
        return;
    }
    agent.acknowledged = agent.cursor = 0;
    patient(clock_now());
    agent.gauge = clock_now() + GAUGE;
}

static bool hear_generate(Reader *r) {
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
        refuse(number, REFUSED_SETTINGS, "the prompt has a NUL in it");
    } else {
        generate(number, settings, prompt);
    }
    return true;
}

static void hear_position(uint8_t type, uint32_t number, uint32_t next) {
    Standing s = story_standing();
    if (number != s.number || next > s.events) return;
    if (type == RESUME) {
        agent.acknowledged = next;
        rewind_to(next);
        patient(clock_now());
    } else if (next > agent.acknowledged) {
        agent.acknowledged = next;
        if (agent.cursor < next) agent.cursor = next;
        patient(clock_now());
    }
}

static void hear(const Frame *frame) {
    Reader r = {.data = frame->payload, .length = frame->length};
    uint64_t now = clock_now();
    if (now - agent.heard > FORSAKEN) {
        rewind_to(agent.acknowledged);
        patient(now);
    }
    agent.heard = now;

    if (frame->type == GENERATE) {
        if (!hear_generate(&r)) agent.decoder.noise += frame->length + FRAME_LEAST;
        return;
    }
    uint32_t number = 0, next = 0;
    switch (frame->type) {
        case ASK_HELLO: read_uint(&r, 1); break;
        case CANCEL:
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
        agent.decoder.noise += frame->length + FRAME_LEAST;
        return;
    }
    bool held = number != 0 && number == story_standing().number;
    switch (frame->type) {
        case ASK_HELLO: say_hello(&agent.outbox, &agent.identity); break;
        case CANCEL:
            if (held) story_cancel();
            if (held) rewind_to(agent.acknowledged);
            break;
        case PAUSE:
            if (held) story_pause(next != 0);
            tell_stats();
            break;
        case ACK:
        case RESUME: hear_position(frame->type, number, next); break;
        case PING: say_pong(&agent.outbox, number, now); break;
        case ASK_STATS: tell_stats(); break;
        case BYE:
            story_cancel();
            if (!agent.leaving) agent.leaving = now;
            break;
    }
}

// --- the link

// Queue the events that are due; the time until the next thing is, in milliseconds, or -1.
static int attend(uint64_t now) {
    Standing s = story_standing();
    if (agent.leaving) return FAREWELL / 1000;
    if (now - agent.heard > FORSAKEN) return -1;
    if (agent.acknowledged < agent.cursor && now >= agent.repeat) {
        rewind_to(agent.acknowledged);
        agent.patience = agent.patience * 2 > REPEAT_MOST ? REPEAT_MOST : agent.patience * 2;
        agent.repeat = now + agent.patience;
    }
    if (agent.acknowledged == agent.cursor && agent.cursor < s.events) {
        agent.repeat = now + agent.patience;
    }
    // Events leave room for two answers: a terminal that is behind must not cost the host its PONG.
    while (agent.cursor < s.events && agent.cursor - agent.acknowledged < WINDOW &&
           outbox_room(&agent.outbox, 3)) {
        say_event(&agent.outbox, s.number, agent.cursor++);
    }
    bool telling = s.state != STATE_IDLE;
    if (telling && now >= agent.gauge) {
        tell_stats();
        agent.gauge = now + GAUGE;
    }
    uint64_t due = agent.heard + FORSAKEN;
    if (telling && agent.gauge < due) due = agent.gauge;
    if (agent.acknowledged < agent.cursor && agent.repeat < due) due = agent.repeat;
    return due > now ? (int)((due - now) / 1000 + 1) : 0;
}

// False when the terminal is gone.
static bool take_in(void) {
    uint8_t bytes[1024];
    ssize_t got = read(agent.terminal, bytes, sizeof bytes);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return false;
    for (ssize_t i = 0; i < got; i++) {
        Frame frame;
        if (frame_decode(&agent.decoder, bytes[i], &frame)) hear(&frame);
    }
    return true;
}

// Whether GONE has gone out. The input is the shell's before the host hears that it is.
static bool left(uint64_t now) {
    if (!agent.leaving) return false;
    if (agent.outbox.length == 0 && !agent.gone) {
        Writer nothing = {.length = 0};
        terminal_give_back_input();
        outbox_put(&agent.outbox, GONE, &nothing);
        agent.gone = true;
    }
    return agent.outbox.length == 0 || now - agent.leaving > FAREWELL;
}

// Until BYE or a hang-up (0) or a signal (its number).
static int link_run(void) {
    for (;;) {
        int wait = attend(clock_now());
        if (left(clock_now())) return 0;
        struct pollfd fds[3] = {
            // What comes after BYE is for the shell.
            {.fd = agent.leaving ? -1 : agent.terminal, .events = POLLIN},
            {.fd = wake[0], .events = POLLIN},
            {.fd = agent.outbox.length ? agent.terminal : -1, .events = POLLOUT},
        };
        if (poll(fds, 3, wait) < 0 && errno != EINTR) return 0;
        if (fds[1].revents) {
            char bytes[64];
            ssize_t got = read(wake[0], bytes, sizeof bytes);
            for (ssize_t i = 0; i < got; i++) {
                if (bytes[i]) return bytes[i];
            }
        }
        if (fds[0].revents && !take_in()) return 0;
        if (fds[2].revents && !outbox_flush(&agent.outbox, agent.terminal)) return 0;
    }
}

static void on_signal(int number) {
    int before = errno;
    char byte = (char)number;
    if (write(wake[1], &byte, 1) < 0) errno = before;
    errno = before;
}

// --- start and end

static bool prepare(const char *model_path, const char *tokenizer_path, Failure *failure) {
    if (!weights_open(&agent.weights, model_path, failure)) return false;
    agent.tokenizer = weights_tokenizer(&agent.weights, tokenizer_path, failure);
    if (!agent.tokenizer) return false;
    const char *slash = strrchr(model_path, '/'), *name = slash ? slash + 1 : model_path;
    Identity *self = &agent.identity;
    *self = (Identity){
        .weights = &agent.weights,
        .model_name = strlen(name) > 255 ? "model" : name,
        .boot = machine_boot(),
    };
    machine_describe(self->machine, sizeof self->machine);
    if (!weights_hash(&agent.weights, self->model_hash, failure) ||
        !weights_tokenizer_hash(&agent.weights, tokenizer_path, self->tokenizer_hash, failure)) {
        return false;
    }
    if (pipe(wake) < 0) return fail(failure, EXIT_UNEXPECTED, "no pipe can be made");
    for (int i = 0; i < 2; i++) fcntl(wake[i], F_SETFL, O_NONBLOCK);
    if (!story_thread(wake[1], failure)) return false;

    // Before the terminal is raw: a signal from here on ends link_run(), which gives it back.
    static const int caught[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++) sigaction(caught[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    agent.terminal = terminal_take(failure);
    return agent.terminal >= 0;
}

int serve_run(const char *model_path, const char *tokenizer_path) {
    Failure failure = {0};
    if (!prepare(model_path, tokenizer_path, &failure)) {
        terminal_give_back();
        fprintf(stderr, "duollama: %s\n", failure.text);
        return failure.status;
    }

    agent.heard = clock_now();
    say_hello(&agent.outbox, &agent.identity);
    int number = link_run();
    terminal_give_back();
    // The story's thread may be in the middle of a step: the process ends under it.
    if (number == 0) _exit(EXIT_OK);
    signal(number, SIG_DFL);
    raise(number);
    return EXIT_UNEXPECTED;
}
