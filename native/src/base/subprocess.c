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

enum { REAP_TIMEOUT = 200 };  // milliseconds

extern char **environ;

static void close_both(int pipe[2]) {
    for (int i = 0; i < 2; i++) {
        if (pipe[i] >= 0) close(pipe[i]);
    }
}

// In its own process group, so that an audio player that it starts is killed with it.
static bool spawn(Subprocess *process, const char *const *arguments, int in, int out, int err) {
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
    bool started = posix_spawn(&process->pid, arguments[0], &files, &how, words, environ) == 0;
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return started;
}

bool subprocess_start(Subprocess *process, const char *const *arguments, const uint8_t *text,
                      size_t length, bool separate_stderr) {
    int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
    bool started = pipe_open(in, 0) && pipe_open(out, 0) &&
                   (!separate_stderr || pipe_open(err, 0)) &&
                   spawn(process, arguments, in[0], out[1], separate_stderr ? err[1] : out[1]);
    // The text fits into the pipe's buffer, so write() does not block. EPIPE is no error here: the
    // program's exit status says what went wrong.
    if (started && length > 0 && (write(in[1], text, length) < 0 || write(in[1], "\n", 1) < 0)) {
        errno = 0;
    }
    close_both(in);
    if (!started) {
        close_both(out);
        close_both(err);
        *process = (Subprocess)SUBPROCESS_NONE;
        return false;
    }
    close(out[1]);
    if (separate_stderr) close(err[1]);
    process->out = out[0];
    process->err = err[0];
    fcntl(process->out, F_SETFL, O_NONBLOCK);
    if (separate_stderr) fcntl(process->err, F_SETFL, O_NONBLOCK);
    return true;
}

void subprocess_last_error(const Subprocess *process, char *line, size_t size) {
    size_t length = 0;
    bool complete = false;
    char bytes[512];
    ssize_t got;
    line[0] = '\0';
    while (process->err >= 0 && (got = read(process->err, bytes, sizeof bytes)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            if (bytes[i] == '\n') {
                complete = true;
            } else if ((unsigned char)bytes[i] >= ' ') {
                if (complete) length = 0;
                complete = false;
                if (length < size - 1) line[length++] = bytes[i];
                line[length] = '\0';
            }
        }
    }
}

// waitpid() for REAP_TIMEOUT after SIGKILL; true where the process was reaped. A process in an
// uninterruptible driver call is put into `unreaped` and reaped at the next call.
static bool reap(pid_t pid, int *status) {
    static pid_t unreaped[8];
    int ignored;
    for (size_t i = 0; i < sizeof unreaped / sizeof *unreaped; i++) {
        if (unreaped[i] && waitpid(unreaped[i], &ignored, WNOHANG) != 0) unreaped[i] = 0;
    }
    for (int milliseconds = 0; milliseconds < REAP_TIMEOUT; milliseconds++) {
        pid_t found = waitpid(pid, status, WNOHANG);
        if (found == pid) return true;
        if (found == 0) poll(NULL, 0, 1);
    }
    for (size_t i = 0; i < sizeof unreaped / sizeof *unreaped; i++) {
        if (unreaped[i]) continue;
        unreaped[i] = pid;
        break;
    }
    return false;
}

bool subprocess_end(Subprocess *process) {
    if (!process->pid) return false;
    int status = 0;
    // A process that has already called exit() keeps its own status.
    kill(-process->pid, SIGKILL);
    bool reaped = reap(process->pid, &status);
    close(process->out);
    if (process->err >= 0) close(process->err);
    *process = (Subprocess)SUBPROCESS_NONE;
    return reaped && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
