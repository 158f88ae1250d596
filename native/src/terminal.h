// The tty that the agent serves on: taken raw, given back as it was.
#ifndef DUO_TERMINAL_H
#define DUO_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

#include "failure.h"

typedef struct {
    int file;  // reads and writes of it never wait
    bool shared;  // `file` is standard input itself: its flags are the shell's too
    int flags;
    struct termios saved;
} Terminal;

// Are standard input and output one terminal? False, and `failure`, where they are not.
bool terminal_check(Failure *failure);

// Take that terminal.
bool terminal_take(Terminal *terminal, Failure *failure);

// Bytes moved; 0 where there is nothing to do now; -1 where the line was hung up.
ssize_t terminal_read(const Terminal *terminal, uint8_t *bytes, size_t room);
ssize_t terminal_write(const Terminal *terminal, const uint8_t *bytes, size_t size);

// From here on the input is a shell's again, what was not read is dropped, and output is still raw:
// what the host types after it has read the last frame is for the shell.
void terminal_end_input(const Terminal *terminal);

// All that was written has left.
bool terminal_drained(const Terminal *terminal);

void terminal_give_back(const Terminal *terminal);

#endif
