// The monotonic clock.
#ifndef DUO_BASE_CLOCK_H
#define DUO_BASE_CLOCK_H

#include <stdint.h>

// Microseconds since some moment before the start.
uint64_t clock_now(void);

#endif
