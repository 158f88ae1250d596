// The poll() loop: reads frames from the tty and hands them to requests.c, sends the job's events
// with go-back-N retransmission (a window, cumulative ACKs, exponential backoff), and relays the
// output of the speech and recording processes.
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

#include "agent/generation_job.h"
#include "agent/mic_process.h"
#include "agent/requests.h"
#include "agent/system_info.h"
#include "agent/tts_process.h"
#include "agent/tty.h"
#include "base/clock.h"
#include "base/pipe.h"
#include "pack/pack.h"

enum { MAX_BACKOFF = 2400000 };  // microseconds
enum { BYE_TIMEOUT = 1000000 };  // microseconds; a host may send BYE and then not read
enum { WINDOW = 512 };           // most unacknowledged events

static Agent agent;
static int tty;
static bool gone_sent;  // GONE is in the outbox

static int wake[2];  // a pipe: generation_job.c writes 0, a signal handler the signal's number

// Queue the events that are due. Returns milliseconds until the next is, or -1.
static int queue_due(uint64_t now) {
    JobStatus s = job_status();
    if (agent.bye_at) return BYE_TIMEOUT / 1000;
    if (now - agent.heard_at > HOST_TIMEOUT) return -1;
    if (agent.acknowledged < agent.cursor && now >= agent.retransmit_at) {
        rewind_to(&agent, agent.acknowledged);
        agent.backoff = agent.backoff * 2 > MAX_BACKOFF ? MAX_BACKOFF : agent.backoff * 2;
        agent.retransmit_at = now + agent.backoff;
    }
    if (agent.acknowledged == agent.cursor && agent.cursor < s.events) {
        agent.retransmit_at = now + agent.backoff;
    }
    // Leave room for two responses: a slow tty must not delay PONG behind events.
    while (agent.cursor < s.events && agent.cursor - agent.acknowledged < WINDOW &&
           outbox_room(&agent.outbox, 3)) {
        send_event(&agent.outbox, s.number, agent.cursor++);
    }
    bool running = s.state != JOB_IDLE;
    if (running && now >= agent.stats_at) {
        send_agent_stats(&agent);
        agent.stats_at = now + STATS_INTERVAL;
    }
    uint64_t due = agent.heard_at + HOST_TIMEOUT;
    if (running && agent.stats_at < due) due = agent.stats_at;
    if (agent.acknowledged < agent.cursor && agent.retransmit_at < due) due = agent.retransmit_at;
    return due > now ? (int)((due - now) / 1000 + 1) : 0;
}

// False where the tty has hung up.
static bool read_frames(void) {
    uint8_t bytes[1024];
    ssize_t got = read(tty, bytes, sizeof bytes);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return false;
    for (ssize_t i = 0; i < got; i++) {
        Frame frame;
        if (frame_decode(&agent.decoder, bytes[i], &frame)) handle_request(&agent, &frame);
    }
    return true;
}

// Whether GONE was sent. The tty's input mode is restored first, because the host may type then.
static bool bye_done(uint64_t now) {
    if (!agent.bye_at) return false;
    if (agent.outbox.length == 0 && !gone_sent) {
        PayloadWriter nothing = {.length = 0};
        tty_restore_input();
        outbox_put(&agent.outbox, GONE, &nothing);
        gone_sent = true;
    }
    return agent.outbox.length == 0 || now - agent.bye_at > BYE_TIMEOUT;
}

// The smaller of `wait` and the milliseconds until `due`; -1: never.
static int earlier(int wait, uint64_t due, uint64_t now) {
    if (due == UINT64_MAX) return wait;
    int until = due > now ? (int)((due - now) / 1000 + 1) : 0;
    return wait < 0 || until < wait ? until : wait;
}

static void service_microphone(bool readable) {
    MicEvent event = readable ? mic_read() : MIC_NOTHING;
    if (event == MIC_FRAME) send_sound(&agent.outbox);
    if (event == MIC_STATE_CHANGED || mic_check_deadline(clock_now())) {
        send_hearing(&agent.outbox, mic_status()->number);
    }
}

// The poll() loop. Returns 0 after BYE or a hang-up, else the number of the signal.
static int run_link(void) {
    for (;;) {
        int wait = earlier(queue_due(clock_now()), mic_deadline(), clock_now());
        if (bye_done(clock_now())) return 0;
        struct pollfd fds[5] = {
            // Bytes after BYE are for the shell.
            {.fd = agent.bye_at ? -1 : tty, .events = POLLIN},
            {.fd = wake[0], .events = POLLIN},
            {.fd = agent.outbox.length ? tty : -1, .events = POLLOUT},
            {.fd = tts_fd(), .events = POLLIN},
            // Leave room for responses; meanwhile the recorder blocks on its pipe.
            {.fd = outbox_room(&agent.outbox, 3) ? mic_fd() : -1, .events = POLLIN},
        };
        if (poll(fds, 5, wait) < 0 && errno != EINTR) return 0;
        if (fds[1].revents) {
            char bytes[64];
            ssize_t got = read(wake[0], bytes, sizeof bytes);
            for (ssize_t i = 0; i < got; i++) {
                if (bytes[i]) return bytes[i];
            }
        }
        // Before requests are read, one of which may stop it.
        if (fds[3].revents && tts_read()) send_speech(&agent.outbox, tts_status()->number);
        service_microphone(fds[4].revents != 0);
        if (fds[0].revents && !read_frames()) return 0;
        if (fds[2].revents && !outbox_flush(&agent.outbox, tty)) return 0;
    }
}

static void on_signal(int number) {
    int before = errno;
    char byte = (char)number;
    if (write(wake[1], &byte, 1) < 0) errno = before;
    errno = before;
}

// --- start and end

static bool init(const char *model_path, const char *tokenizer_path, const char *voice,
                 const char *ear, Failure *failure) {
    if (!model_open(&agent.model, model_path, pack_checkpoint, failure)) return false;
    agent.tokenizer = model_tokenizer(&agent.model, tokenizer_path, failure);
    if (!agent.tokenizer) return false;
    const char *slash = strrchr(model_path, '/'), *name = slash ? slash + 1 : model_path;
    Identity *self = &agent.identity;
    *self = (Identity){
        .model = &agent.model,
        .model_name = strlen(name) > 255 ? "model" : name,
        .boot = system_boot_id(),
    };
    system_describe(self->machine, sizeof self->machine);
    if (!model_sha256(&agent.model, self->model_hash, failure) ||
        !model_tokenizer_sha256(&agent.model, tokenizer_path, self->tokenizer_hash, failure)) {
        return false;
    }
    self->voice = tts_open(voice);
    self->ear = mic_open(ear);
    if (!pipe_open(wake, O_NONBLOCK)) {
        return fail(failure, EXIT_UNEXPECTED, "no pipe can be made");
    }
    if (!job_start_thread(wake[1], failure)) return false;

    // Before the tty is raw: from here on a signal ends run_link(), and the tty is restored.
    static const int caught[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++) sigaction(caught[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    tty = tty_open_raw(failure);
    return tty >= 0;
}

int agent_run(const char *model_path, const char *tokenizer_path, const char *voice,
              const char *ear) {
    Failure failure = {0};
    if (!init(model_path, tokenizer_path, voice, ear, &failure)) {
        tty_restore();
        fprintf(stderr, "duollama: %s\n", failure.text);
        return failure.status;
    }

    agent.heard_at = clock_now();
    send_hello(&agent.outbox, &agent.identity);
    int signal_number = run_link();
    tts_stop();
    mic_stop();
    tty_restore();
    // The other thread may be in the middle of a step: exit without joining it.
    if (signal_number == 0) _exit(EXIT_OK);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    return EXIT_UNEXPECTED;
}
