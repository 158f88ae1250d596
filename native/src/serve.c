#define _POSIX_C_SOURCE 200809L
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "link.h"
#include "machine.h"
#include "sha256.h"
#include "terminal.h"
#include "version.h"
#include "worker.h"

enum { FAREWELL = 2000000 };  // microseconds for the last bytes to leave

typedef struct {
    Model model;
    Tokenizer *tokenizer;
    Worker worker;
    Terminal terminal;
    Link link;
    int pipe[2];  // what wakes poll(): the worker and signals
} Agent;

// --- signals

static int signal_pipe;
static volatile sig_atomic_t caught;

static void on_signal(int number) {
    int error = errno;
    caught = number;
    ssize_t written = write(signal_pipe, "", 1);
    (void)written;
    errno = error;
}

static void catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    // The settings are given back even where the shell has put us in the background.
    action.sa_handler = SIG_IGN;
    sigaction(SIGTTOU, &action, NULL);
}

// --- before the first frame

static bool open_pipe(Agent *a, Failure *failure) {
    if (pipe(a->pipe) != 0) {
        return fail(failure, EXIT_UNEXPECTED, "cannot make a pipe: %s; close other programs",
                    strerror(errno));
    }
    for (int i = 0; i < 2; i++) fcntl(a->pipe[i], F_SETFL, O_NONBLOCK);
    signal_pipe = a->pipe[1];
    return true;
}

static bool hash_file(const char *path, uint8_t *hash, Failure *failure) {
    if (sha256_file(path, hash)) return true;
    return fail(failure, EXIT_USAGE, "cannot read '%.200s': %s", path, strerror(errno));
}

static bool open_files(Agent *a, const char *model_path, const char *tokenizer_path,
                       Failure *failure) {
    if (!model_open(&a->model, model_path, failure)) return false;
    a->tokenizer = tokenizer_open(tokenizer_path, a->model.shape.vocab, failure);
    Hello *hello = &a->link.hello;
    if (a->tokenizer && hash_file(model_path, hello->model_hash, failure) &&
        hash_file(tokenizer_path, hello->tokenizer_hash, failure)) {
        return true;
    }
    tokenizer_close(a->tokenizer);
    model_close(&a->model);
    return false;
}

static Text text(const char *string) {
    return (Text){(const uint8_t *)string, strlen(string)};
}

static void introduce(Agent *a, const char *model_path) {
    static char machine[200], model[256];
    machine_name(machine, sizeof machine);
    file_name(model_path, model, sizeof model);
    Hello *hello = &a->link.hello;
    hello->protocol = PROTOCOL;
    hello->boot = machine_random();
    hello->modes = 1 << MODE_REFERENCE;
    hello->vocabulary = (uint32_t)a->model.shape.vocab;
    hello->context = (uint32_t)a->model.shape.context;
    hello->parameters = a->model.parameters;
    hello->version = text(DUO_VERSION);
    hello->model = text(model);
    hello->machine = text(machine);
}

static bool prepare(Agent *a, const char *model_path, const char *tokenizer_path,
                    Failure *failure) {
    if (!terminal_check(failure)) return false;  // before the model is read, which takes time
    if (!open_pipe(a, failure) || !open_files(a, model_path, tokenizer_path, failure)) return false;
    introduce(a, model_path);
    catch_signals();
    if (!worker_start(&a->worker, &a->model, a->tokenizer, a->pipe[1], failure)) return false;
    link_begin(&a->link, &a->worker, clock_now());
    return terminal_take(&a->terminal, failure);
}

// --- the loop

static bool unwritten(Agent *a) {
    size_t size;
    link_output(&a->link, &size);
    return size > 0;
}

static bool write_out(Agent *a) {
    size_t size;
    const uint8_t *bytes = link_output(&a->link, &size);
    if (size == 0) return true;
    ssize_t written = terminal_write(&a->terminal, bytes, size);
    if (written > 0) link_written(&a->link, (size_t)written);
    return written >= 0;
}

static bool read_in(Agent *a) {
    uint8_t bytes[4096];
    ssize_t size = terminal_read(&a->terminal, bytes, sizeof bytes);
    if (size > 0) link_take(&a->link, bytes, (size_t)size, clock_now());
    return size >= 0;
}

static void empty_pipe(Agent *a) {
    uint8_t bytes[64];
    while (read(a->pipe[0], bytes, sizeof bytes) > 0) continue;
}

static int milliseconds_until(uint64_t deadline) {
    uint64_t now = clock_now();
    if (deadline <= now) return 0;
    if (deadline - now > 60000000) return 60000;
    return (int)((deadline - now) / 1000) + 1;
}

// Wait until there is something to do, and do it. False where the line was hung up.
static bool turn(Agent *a, bool reading, uint64_t deadline) {
    struct pollfd files[2] = {
        {.fd = a->terminal.file,
         .events = (short)((reading ? POLLIN : 0) | (unwritten(a) ? POLLOUT : 0))},
        {.fd = a->pipe[0], .events = POLLIN},
    };
    if (poll(files, 2, milliseconds_until(deadline)) < 0) return errno == EINTR;
    if (files[1].revents) empty_pipe(a);
    if (files[0].revents & POLLOUT && !write_out(a)) return false;
    if (files[0].revents & POLLIN && reading) return read_in(a);
    return !(files[0].revents & (POLLHUP | POLLERR | POLLNVAL));
}

// Until BYE, a signal or the end of the line. False for the last.
static bool converse(Agent *a) {
    bool connected = true;
    while (connected && !caught && !link_over(&a->link)) {
        uint64_t deadline = link_fill(&a->link, clock_now());
        connected = turn(a, true, deadline);
    }
    return connected;
}

// Let what was written leave, for as long as FAREWELL.
static void drain(Agent *a) {
    uint64_t deadline = clock_now() + FAREWELL;
    bool connected = true;
    while (connected && unwritten(a) && clock_now() < deadline && !caught) {
        connected = turn(a, false, deadline);
    }
    while (connected && !terminal_drained(&a->terminal) && clock_now() < deadline && !caught) {
        poll(NULL, 0, 5);
    }
}

static void say_goodbye(Agent *a) {
    drain(a);
    terminal_end_input(&a->terminal);
    link_gone(&a->link);
    drain(a);
}

static void close_files(Agent *a) {
    tokenizer_close(a->tokenizer);
    model_close(&a->model);
}

int serve_run(const char *model_path, const char *tokenizer_path) {
    static Agent agent;  // the worker may outlive this call
    Failure failure;
    if (!prepare(&agent, model_path, tokenizer_path, &failure)) {
        fprintf(stderr, "duollama: %s\n", failure.text);
        return failure.status;
    }
    bool connected = converse(&agent);
    if (connected && !caught) say_goodbye(&agent);
    terminal_give_back(&agent.terminal);
    if (worker_stop(&agent.worker)) close_files(&agent);
    if (connected && caught) {
        signal(caught, SIG_DFL);
        raise(caught);
    }
    return EXIT_OK;
}
