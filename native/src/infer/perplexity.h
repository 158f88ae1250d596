// Perplexity of given text: -ln of each token's probability by a mode, and the mode's likeliest
// token. The mean over all tokens is ln(perplexity); modes are compared by it.
#ifndef DUO_INFER_PERPLEXITY_H
#define DUO_INFER_PERPLEXITY_H

#include <stdbool.h>
#include <stdio.h>

#include "base/failure.h"
#include "model/model.h"

// For each line of ids in `path` (without BOS), print on `out` a line of "likeliest:nats", one for
// each id: nats is -ln of the id's probability at temperature 1. False, and `failure`, for a bad
// file.
bool perplexity_file(Model *model, Mode mode, const char *path, FILE *out, Failure *failure);

#endif
