#define _GNU_SOURCE  // pipe2
#include "base/pipe.h"

#include <fcntl.h>
#include <unistd.h>

#if defined(__APPLE__)

// macOS has no pipe2() before 27. A child of another thread, started between the calls, would
// inherit both ends; the agent starts all its children from one thread.
bool pipe_open(int ends[2], int flags) {
    if (pipe(ends) < 0) return false;
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, flags);
    }
    return true;
}

#else

bool pipe_open(int ends[2], int flags) { return pipe2(ends, O_CLOEXEC | flags) == 0; }

#endif
