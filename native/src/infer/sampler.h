// Choosing the next token, as llama2.c does: argmax, the whole distribution, or its top-p nucleus.
#ifndef DUO_SAMPLER_H
#define DUO_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

typedef struct {
    float probability;
    int32_t id;
} Candidate;

typedef struct {
    int32_t vocab;
    float temperature, topp;
    uint64_t state;         // xorshift*
    Candidate *candidates;  // (vocab) room for the nucleus
} Sampler;

bool sampler_init(Sampler *sampler, int32_t vocab, float temperature, float topp, uint64_t seed,
                  Failure *failure);
void sampler_free(Sampler *sampler);

// logits (vocab), in place: softmax(logits / temperature); as they are where that is 0.
void sampler_soften(const Sampler *sampler, float *logits);

// The next random number of xorshift*, 0 to 1. llama2.c draws one for each token that it samples,
// and none for temperature 0.
float sampler_flip(uint64_t *state);

// The token, from what sampler_soften() made. The coin is not looked at for temperature 0.
int32_t sampler_pick(const Sampler *sampler, const float *softened, float coin);

// The probability of `id` in what sampler_soften() made.
float sampler_probability(const Sampler *sampler, const float *softened, int32_t id);

#endif
