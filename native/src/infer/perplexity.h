// How a mode judges a story that is given: what it would have said at each step, and how likely it
// takes the story's own token to be. Modes are compared by this, given the same words.
#ifndef DUO_SCORE_H
#define DUO_SCORE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/failure.h"
#include "model/model.h"

// For each line of ids in `path` (without BOS): a line of "likeliest:nats" on `out`, one for each of
// its ids. nats is -ln of the id's probability at temperature 1.
bool score_file(Model *model, Mode mode, const char *path, FILE *out, Failure *failure);

#endif
