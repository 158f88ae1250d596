#define _POSIX_C_SOURCE 200809L
#include "agent/tty.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

static int tty = -1;
static struct termios saved;

int tty_open_raw(Failure *failure) {
    const char *path = ttyname(STDIN_FILENO);
    if (!path || tcgetattr(STDIN_FILENO, &saved) != 0) {
        fail(failure, EXIT_USAGE,
             "serve speaks on a terminal and stdin is none; start it on a tty");
        return -1;
    }
    tty = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (tty < 0) {
        fail(failure, EXIT_UNEXPECTED, "the terminal %s cannot be opened", path);
        return -1;
    }
    struct termios raw = saved;
    raw.c_iflag &=
        ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON | IXOFF);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(tty, TCSANOW, &raw);
    return tty;
}

void tty_restore_input(void) {
    struct termios settings = saved;
    settings.c_oflag &= ~(tcflag_t)OPOST;
    if (tty >= 0) tcsetattr(tty, TCSANOW, &settings);
}

void tty_restore(void) {
    if (tty < 0) return;
    tcsetattr(tty, TCSANOW, &saved);
    close(tty);
    tty = -1;
}
