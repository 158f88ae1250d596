// Pipes that no child inherits.
#ifndef DUO_PIPE_H
#define DUO_PIPE_H

#include <stdbool.h>

// Both ends, with `flags`: 0 or O_NONBLOCK. False, with errno, where there is none to be had.
bool pipe_open(int ends[2], int flags);

#endif
