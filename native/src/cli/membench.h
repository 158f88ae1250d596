// duollama bandwidth: this machine's memory bandwidth, which limits the tok/s of any engine.
#ifndef DUO_CLI_MEMBENCH_H
#define DUO_CLI_MEMBENCH_H

#include <stdbool.h>
#include <stdio.h>

#include "base/failure.h"

// Print a line for each measurement: "read BYTES MB_PER_SECOND", repeated reads of buffers from 16
// KiB (cached) to 8 MiB (on a small board, not cached); then "copy" and "fill" of 8 MiB. Each is
// the best of four tries. Takes a second or two and 16 MiB.
bool membench_run(FILE *out, Failure *failure);

#endif
