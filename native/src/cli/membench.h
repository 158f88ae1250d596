// How fast this machine reads, copies and fills memory: the roof over any engine's tok/s here.
#ifndef DUO_BANDWIDTH_H
#define DUO_BANDWIDTH_H

#include <stdbool.h>
#include <stdio.h>

#include "base/failure.h"

// A line a measurement, "read BYTES MB_PER_SECOND": reading again and again what is so large, from
// 16 KiB, which is in a cache, to 8 MiB, which on a small board is not; then "copy" and "fill" of
// 8 MiB. The best of several tries each. A second or two, 16 MiB.
bool bandwidth_print(FILE *out, Failure *failure);

#endif
