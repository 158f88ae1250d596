#define _DEFAULT_SOURCE
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

// O_NONBLOCK belongs to the open file, which the shell shares. So open the terminal once more; where
// its name leads nowhere, take standard input and undo it at the end.
static bool open_again(Terminal *t, Failure *failure) {
    struct stat wanted, found;
    const char *name = ttyname(STDIN_FILENO);
    t->file = name ? open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;
    if (t->file >= 0) {
        if (fstat(STDIN_FILENO, &wanted) == 0 && fstat(t->file, &found) == 0 &&
            wanted.st_rdev == found.st_rdev) {
            return true;
        }
        close(t->file);
    }
    t->file = STDIN_FILENO;
    t->shared = true;
    t->flags = fcntl(t->file, F_GETFL);
    if (t->flags >= 0 && (t->flags & O_ACCMODE) == O_RDWR &&
        fcntl(t->file, F_SETFL, t->flags | O_NONBLOCK) == 0) {
        return true;
    }
    return fail(failure, EXIT_UNEXPECTED, "cannot write to the terminal: %s; start serve in a shell on it",
                strerror(errno));
}

bool terminal_check(Failure *failure) {
    struct stat in, out;
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && fstat(STDIN_FILENO, &in) == 0 &&
        fstat(STDOUT_FILENO, &out) == 0 && in.st_rdev == out.st_rdev) {
        return true;
    }
    return fail(failure, EXIT_USAGE,
                "serve speaks on a terminal; start it in a shell on the serial line, without < > |");
}

bool terminal_take(Terminal *t, Failure *failure) {
    *t = (Terminal){0};
    if (tcgetattr(STDIN_FILENO, &t->saved) != 0) {
        return fail(failure, EXIT_UNEXPECTED, "cannot read the terminal's settings: %s; log in again",
                    strerror(errno));
    }
    if (!open_again(t, failure)) return false;
    struct termios raw = t->saved;
    cfmakeraw(&raw);
    raw.c_cflag |= CLOCAL | CREAD;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(t->file, TCSANOW, &raw) == 0) return true;
    fail(failure, EXIT_UNEXPECTED, "cannot set the terminal raw: %s; log in again", strerror(errno));
    terminal_give_back(t);
    return false;
}

static ssize_t not_yet(ssize_t moved) {
    if (moved > 0) return moved;
    return moved < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

// Raw and not waiting, a read of 0 bytes means that the line is gone.
ssize_t terminal_read(const Terminal *t, uint8_t *bytes, size_t room) {
    return not_yet(read(t->file, bytes, room));
}

ssize_t terminal_write(const Terminal *t, const uint8_t *bytes, size_t size) {
    return not_yet(write(t->file, bytes, size));
}

void terminal_end_input(const Terminal *t) {
    struct termios half = t->saved;
    half.c_oflag &= ~(tcflag_t)OPOST;
    half.c_lflag &= ~(tcflag_t)ECHO;
    tcflush(t->file, TCIFLUSH);
    tcsetattr(t->file, TCSANOW, &half);
}

bool terminal_drained(const Terminal *t) {
    int left = 0;
    return ioctl(t->file, TIOCOUTQ, &left) != 0 || left == 0;
}

void terminal_give_back(const Terminal *t) {
    tcsetattr(t->file, TCSANOW, &t->saved);
    if (t->shared) fcntl(t->file, F_SETFL, t->flags);
    else close(t->file);
}
