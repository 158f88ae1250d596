// An error as one line for the user. Functions that can fail return false and fill a Failure; only
// main.c and agent.c print it and choose the exit status.
#ifndef DUO_BASE_FAILURE_H
#define DUO_BASE_FAILURE_H

#include <stdbool.h>

// Exit statuses (docs/exit-statuses.md).
enum { EXIT_OK = 0, EXIT_UNEXPECTED = 1, EXIT_USAGE = 2 };

typedef struct {
    int status;      // EXIT_USAGE: bad input; EXIT_UNEXPECTED: memory, disk, system
    char text[512];  // one line, no newline: what is wrong and what to do
} Failure;

// Fill `failure` and return false, so that a caller can write `return fail(f, EXIT_USAGE, ...)`.
bool fail(Failure *failure, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
