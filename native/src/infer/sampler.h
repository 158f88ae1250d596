// llama2.c's sampler: argmax, sample_mult() over the full distribution, or sample_topp().
#ifndef DUO_INFER_SAMPLER_H
#define DUO_INFER_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

typedef struct {
    float probability;
    int32_t id;
} ProbIndex;

typedef struct {
    int32_t vocab;
    float temperature, topp;
    uint64_t state;         // xorshift*
    ProbIndex *prob_index;  // (vocab) scratch of top-p
} Sampler;

bool sampler_init(Sampler *sampler, int32_t vocab, float temperature, float topp, uint64_t seed,
                  Failure *failure);
void sampler_free(Sampler *sampler);

// In place: logits (vocab) become softmax(logits / temperature); unchanged at temperature 0.
void sampler_softmax(const Sampler *sampler, float *logits);

// random_f32(): the next number of xorshift*, 0 <= number < 1. llama2.c draws one for each sampled
// token, none at temperature 0.
float sampler_random(uint64_t *state);

// Sample from what sampler_softmax() made; `coin` is unused at temperature 0.
int32_t sampler_sample(const Sampler *sampler, const float *probabilities, float coin);

// The probability of `id` in what sampler_softmax() made.
float sampler_probability(const Sampler *sampler, const float *probabilities, int32_t id);

#endif
