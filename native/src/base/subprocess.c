#define _POSIX_C_SOURCE 200809L
#include "base/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/pipe.h"

enum { HELD = 200 };  // milliseconds

extern char **environ;

static void shut(int pipe[2]) {
    for (int i = 0; i < 2; i++) {
        if (pipe[i] >= 0) close(pipe[i]);
    }
}

// In a group of its own, so that a player that it starts ends with it.
static bool spawn(Child *child, const char *const *arguments, int in, int out, int err) {
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    posix_spawn_file_actions_adddup2(&files, err, 2);
    posix_spawnattr_t how;
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_init(&how);
    posix_spawnattr_setpgroup(&how, 0);
    posix_spawnattr_setsigdefault(&how, &usual);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    char *const *words = (char *const *)(uintptr_t)arguments;
    bool started = posix_spawn(&child->process, arguments[0], &files, &how, words, environ) == 0;
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return started;
}

bool child_start(Child *child, const char *const *arguments, const uint8_t *text, size_t length,
                 bool apart) {
    int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
    bool started = pipe_open(in, 0) && pipe_open(out, 0) && (!apart || pipe_open(err, 0)) &&
                   spawn(child, arguments, in[0], out[1], apart ? err[1] : out[1]);
    // Less than a pipe holds: this does not wait. A program that has ended already says so itself.
    if (started && length > 0 && (write(in[1], text, length) < 0 || write(in[1], "\n", 1) < 0)) {
        errno = 0;
    }
    shut(in);
    if (!started) {
        shut(out);
        shut(err);
        *child = (Child)CHILD_NONE;
        return false;
    }
    close(out[1]);
    if (apart) close(err[1]);
    child->said = out[0];
    child->complaints = err[0];
    fcntl(child->said, F_SETFL, O_NONBLOCK);
    if (apart) fcntl(child->complaints, F_SETFL, O_NONBLOCK);
    return true;
}

void child_complaint(const Child *child, char *line, size_t size) {
    size_t length = 0;
    bool whole = false;
    char bytes[512];
    ssize_t got;
    line[0] = '\0';
    while (child->complaints >= 0 && (got = read(child->complaints, bytes, sizeof bytes)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            if (bytes[i] == '\n') {
                whole = true;
            } else if ((unsigned char)bytes[i] >= ' ') {
                if (whole) length = 0;
                whole = false;
                if (length < size - 1) line[length++] = bytes[i];
                line[length] = '\0';
            }
        }
    }
}

// Whether it is gone: a moment after SIGKILL, but for one that a driver holds. That one is looked for
// again when the next child ends; the agent does not wait for it.
static bool gone(pid_t process, int *status) {
    static pid_t held[8];
    int ignored;
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        if (held[i] && waitpid(held[i], &ignored, WNOHANG) != 0) held[i] = 0;
    }
    for (int milliseconds = 0; milliseconds < HELD; milliseconds++) {
        pid_t found = waitpid(process, status, WNOHANG);
        if (found == process) return true;
        if (found == 0) poll(NULL, 0, 1);
    }
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        if (held[i]) continue;
        held[i] = process;
        break;
    }
    return false;
}

bool child_end(Child *child) {
    if (!child->process) return false;
    int status = 0;
    // One that is about to leave keeps the status that it leaves with.
    kill(-child->process, SIGKILL);
    bool left = gone(child->process, &status);
    close(child->said);
    if (child->complaints >= 0) close(child->complaints);
    *child = (Child)CHILD_NONE;
    return left && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
