#define _POSIX_C_SOURCE 200809L
#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/mic_process.h"
#include "agent/requests.h"
#include "agent/system_info.h"
#include "base/clock.h"
#include "base/pipe.h"
#include "agent/generation_job.h"
#include "agent/tty.h"
#include "agent/tts_process.h"
#include "pack/pack.h"

enum { REPEAT_MOST = 2400000 };  // microseconds
enum { FAREWELL = 1000000 };     // for a host that says BYE and then reads nothing
enum { WINDOW = 512 };           // events past the last acknowledged one

static Agent agent;
static int terminal;
static bool gone;  // GONE is in the outbox

static int wake[2];  // the story's thread writes a zero, a signal its number

// Queue the events that are due; the time until the next thing is, in milliseconds, or -1.
static int attend(uint64_t now) {
    Standing s = story_standing();
    if (agent.leaving) return FAREWELL / 1000;
    if (now - agent.heard > FORSAKEN) return -1;
    if (agent.acknowledged < agent.cursor && now >= agent.repeat) {
        rewind_to(&agent, agent.acknowledged);
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
        tell_stats(&agent);
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
    ssize_t got = read(terminal, bytes, sizeof bytes);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return false;
    for (ssize_t i = 0; i < got; i++) {
        Frame frame;
        if (frame_decode(&agent.decoder, bytes[i], &frame)) hear(&agent, &frame);
    }
    return true;
}

// Whether GONE has gone out. The input is the shell's before the host hears that it is.
static bool left(uint64_t now) {
    if (!agent.leaving) return false;
    if (agent.outbox.length == 0 && !gone) {
        Writer nothing = {.length = 0};
        terminal_give_back_input();
        outbox_put(&agent.outbox, GONE, &nothing);
        gone = true;
    }
    return agent.outbox.length == 0 || now - agent.leaving > FAREWELL;
}

// Milliseconds until `due`, where `wait` is longer.
static int sooner(int wait, uint64_t due, uint64_t now) {
    if (due == UINT64_MAX) return wait;
    int until = due > now ? (int)((due - now) / 1000 + 1) : 0;
    return wait < 0 || until < wait ? until : wait;
}

static void attend_ear(bool readable) {
    EarNews news = readable ? ear_hear() : EAR_NOTHING;
    if (news == EAR_SOUND) say_sound(&agent.outbox);
    if (news == EAR_CHANGED || ear_overdue(clock_now())) {
        say_hearing(&agent.outbox, ear_hearing()->number);
    }
}

// Until BYE or a hang-up (0) or a signal (its number).
static int link_run(void) {
    for (;;) {
        int wait = sooner(attend(clock_now()), ear_due(), clock_now());
        if (left(clock_now())) return 0;
        struct pollfd fds[5] = {
            // What comes after BYE is for the shell.
            {.fd = agent.leaving ? -1 : terminal, .events = POLLIN},
            {.fd = wake[0], .events = POLLIN},
            {.fd = agent.outbox.length ? terminal : -1, .events = POLLOUT},
            {.fd = voice_descriptor(), .events = POLLIN},
            // Sound leaves room for answers as events do; until there is some, the recorder waits.
            {.fd = outbox_room(&agent.outbox, 3) ? ear_descriptor() : -1, .events = POLLIN},
        };
        if (poll(fds, 5, wait) < 0 && errno != EINTR) return 0;
        if (fds[1].revents) {
            char bytes[64];
            ssize_t got = read(wake[0], bytes, sizeof bytes);
            for (ssize_t i = 0; i < got; i++) {
                if (bytes[i]) return bytes[i];
            }
        }
        // Before the host is heard, who may have it stopped.
        if (fds[3].revents && voice_hear()) say_speech(&agent.outbox, voice_speech()->number);
        attend_ear(fds[4].revents != 0);
        if (fds[0].revents && !take_in()) return 0;
        if (fds[2].revents && !outbox_flush(&agent.outbox, terminal)) return 0;
    }
}

static void on_signal(int number) {
    int before = errno;
    char byte = (char)number;
    if (write(wake[1], &byte, 1) < 0) errno = before;
    errno = before;
}

// --- start and end

static bool prepare(const char *model_path, const char *tokenizer_path, const char *voice,
                    const char *ear, Failure *failure) {
    if (!model_open(&agent.model, model_path, pack_checkpoint, failure)) return false;
    agent.tokenizer = model_tokenizer(&agent.model, tokenizer_path, failure);
    if (!agent.tokenizer) return false;
    const char *slash = strrchr(model_path, '/'), *name = slash ? slash + 1 : model_path;
    Identity *self = &agent.identity;
    *self = (Identity){
        .model = &agent.model,
        .model_name = strlen(name) > 255 ? "model" : name,
        .boot = machine_boot(),
    };
    machine_describe(self->machine, sizeof self->machine);
    if (!model_sha256(&agent.model, self->model_hash, failure) ||
        !model_tokenizer_sha256(&agent.model, tokenizer_path, self->tokenizer_hash, failure)) {
        return false;
    }
    self->voice = voice_open(voice);
    self->ear = ear_open(ear);
    if (!pipe_open(wake, O_NONBLOCK)) {
        return fail(failure, EXIT_UNEXPECTED, "no pipe can be made");
    }
    if (!story_thread(wake[1], failure)) return false;

    // Before the terminal is raw: a signal from here on ends link_run(), which gives it back.
    static const int caught[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++) sigaction(caught[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    terminal = terminal_take(failure);
    return terminal >= 0;
}

int serve_run(const char *model_path, const char *tokenizer_path, const char *voice,
              const char *ear) {
    Failure failure = {0};
    if (!prepare(model_path, tokenizer_path, voice, ear, &failure)) {
        terminal_give_back();
        fprintf(stderr, "duollama: %s\n", failure.text);
        return failure.status;
    }

    agent.heard = clock_now();
    say_hello(&agent.outbox, &agent.identity);
    int number = link_run();
    voice_stop();
    ear_stop();
    terminal_give_back();
    // The story's thread may be in the middle of a step: the process ends under it.
    if (number == 0) _exit(EXIT_OK);
    signal(number, SIG_DFL);
    raise(number);
    return EXIT_UNEXPECTED;
}
