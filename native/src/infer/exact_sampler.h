// Choosing the next token from a screened classifier: what llama2.c's sampler would choose from all
// the logits in fp32, found by reading only those rows in fp32 that the choice depends on.
#ifndef DUO_CHOOSE_H
#define DUO_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "infer/candidates.h"

typedef enum { CHOSEN, OPEN, UNREADABLE } Outcome;

bool chooser_init(Chooser *chooser, const LmHead *head, const Simd *simd, float temperature,
                  float topp, Failure *failure);
void chooser_free(Chooser *chooser);

// The token that `coin`, 0 to 1, chooses (temperature 0 needs none), where value (tiles * TILE) is
// what Simd.matmul_int4 made of the probe; it is overwritten. `probability`, if not NULL, gets the
// token's, to a few digits. OPEN: it is one or another by how llama2.c's sums are rounded; with all
// the logits in fp32 its sampler says which.
Outcome choose(Chooser *chooser, const LmHeadInput *input, float *value, float coin, int32_t *id,
               float *probability);

// The probability of `id`; value as above. `all`: by 8 bits of every row, else by 4 bits of most, to
// a few digits.
float chooser_probability(Chooser *chooser, const LmHeadInput *input, float *value, int32_t id, bool all);

#endif
