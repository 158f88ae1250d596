// A program that the agent has started: what it says comes through a pipe that nobody waits for, and it
// ends, with all that it started, when it is told to.
#ifndef DUO_CHILD_H
#define DUO_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
    pid_t process;   // 0: none
    int said;        // its stdout; -1: none
    int complaints;  // its stderr, where it is apart; -1: none
} Child;

#define CHILD_NONE {.said = -1, .complaints = -1}

// Start it with `text`, less than a pipe holds, on its stdin; NULL: nothing. `arguments` begin with the
// program and end with NULL. Where `apart` is false stderr is among what it says.
bool child_start(Child *child, const char *const *arguments, const uint8_t *text, size_t length,
                 bool apart);

// The last line of its complaints, into `line`; "" where there is none. Before child_end.
void child_complaint(const Child *child, char *line, size_t size);

// Let go of it, who has ended or must; whether it did what it was told.
bool child_end(Child *child);

#endif
