// A child process with non-blocking pipes for its stdout and stderr. It leads a process group, so
// that what it starts itself is killed with it.
#ifndef DUO_BASE_SUBPROCESS_H
#define DUO_BASE_SUBPROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
    pid_t pid;  // 0: none
    int out;    // read end of its stdout; -1: none
    int err;    // read end of its stderr, if that is separate; -1: none
} Subprocess;

#define SUBPROCESS_NONE \
    { .out = -1, .err = -1 }

// Start `arguments`, which begin with the program's path and end with NULL. `text` (length),
// shorter than a pipe's buffer, goes to its stdin; NULL: nothing. `separate_stderr`: else stderr is
// `out` too.
bool subprocess_start(Subprocess *process, const char *const *arguments, const uint8_t *text,
                      size_t length, bool separate_stderr);

// The last line of its stderr, into `line` (size); "" where there is none. Call before
// subprocess_end().
void subprocess_last_error(const Subprocess *process, char *line, size_t size);

// Kill its process group, reap it and close its pipes. True where it had exited with status 0.
bool subprocess_end(Subprocess *process);

#endif
