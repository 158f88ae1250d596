// Sampling from the full distribution (top-p off), from candidates whose logits are known within
// bounds: llama2.c's sample_mult().
#ifndef DUO_INFER_SAMPLE_FULL_H
#define DUO_INFER_SAMPLE_FULL_H

#include <stdint.h>

#include "infer/candidates.h"

// The token that `coin` selects from all tokens in the order of their ids. *found is an index of
// rows.
SearchStatus sample_full(Candidates *c, float coin, int32_t *found);

#endif
