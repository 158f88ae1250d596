// Pipes that are closed on exec.
#ifndef DUO_BASE_PIPE_H
#define DUO_BASE_PIPE_H

#include <stdbool.h>

// Open a pipe, both ends close-on-exec, with `flags`: 0 or O_NONBLOCK. False, with errno, on
// failure.
bool pipe_open(int ends[2], int flags);

#endif
