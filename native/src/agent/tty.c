#define _POSIX_C_SOURCE 200809L
#include "agent/tty.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

static int terminal = -1;
static struct termios saved;

int terminal_take(Failure *failure) {
    const char *path = ttyname(STDIN_FILENO);
    if (!path || tcgetattr(STDIN_FILENO, &saved) != 0) {
        fail(failure, EXIT_USAGE,
             "serve speaks on a terminal and stdin is none; start it on a tty");
        return -1;
    }
    terminal = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (terminal < 0) {
        fail(failure, EXIT_UNEXPECTED, "the terminal %s cannot be opened", path);
        return -1;
    }
    struct termios raw = saved;
    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON |
                               IXOFF);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(terminal, TCSANOW, &raw);
    return terminal;
}

void terminal_give_back_input(void) {
    struct termios settings = saved;
    settings.c_oflag &= ~(tcflag_t)OPOST;
    if (terminal >= 0) tcsetattr(terminal, TCSANOW, &settings);
}

void terminal_give_back(void) {
    if (terminal < 0) return;
    tcsetattr(terminal, TCSANOW, &saved);
    close(terminal);
    terminal = -1;
}
