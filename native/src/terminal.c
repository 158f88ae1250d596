#define _POSIX_C_SOURCE 200809L
#include "terminal.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

static struct {
    bool taken;
    struct termios settings;
    int in_flags, out_flags;
} saved;

bool terminal_take(Failure *failure) {
    if (tcgetattr(STDIN_FILENO, &saved.settings) != 0) {
        return fail(failure, EXIT_USAGE,
                    "serve speaks on a terminal and stdin is none; start it on a tty");
    }
    struct termios raw = saved.settings;
    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON |
                               IXOFF);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0) {
        return fail(failure, EXIT_UNEXPECTED, "the terminal cannot be set raw");
    }
    // The flags belong to the open file, which the shell shares: they too are given back.
    saved.in_flags = fcntl(STDIN_FILENO, F_GETFL);
    saved.out_flags = fcntl(STDOUT_FILENO, F_GETFL);
    fcntl(STDIN_FILENO, F_SETFL, saved.in_flags | O_NONBLOCK);
    fcntl(STDOUT_FILENO, F_SETFL, saved.out_flags | O_NONBLOCK);
    saved.taken = true;
    return true;
}

void terminal_give_back(void) {
    if (!saved.taken) return;
    saved.taken = false;
    fcntl(STDIN_FILENO, F_SETFL, saved.in_flags);
    fcntl(STDOUT_FILENO, F_SETFL, saved.out_flags);
    tcsetattr(STDIN_FILENO, TCSANOW, &saved.settings);
}
