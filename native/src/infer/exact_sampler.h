// Samples the token that llama2.c's sampler would sample from all logits in fp32, but reads in fp32
// only the rows on which the result depends. A token is accepted as soon as every assignment of
// logits within their bounds selects it; until then rows are added or read more precisely.
#ifndef DUO_INFER_EXACT_SAMPLER_H
#define DUO_INFER_EXACT_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "infer/candidates.h"

typedef enum { SAMPLED, SAMPLE_UNDECIDABLE, SAMPLE_UNREADABLE } SampleStatus;

bool exact_sampler_init(ExactSampler *sampler, const LmHead *head, const Simd *simd,
                        float temperature, float topp, Failure *failure);
void exact_sampler_free(ExactSampler *sampler);

// Sample a token with the random number `coin`, 0 <= coin < 1 (unused at temperature 0). value
// (tiles * TILE) holds the products in 4 bits, by Simd.matmul_int4, and is overwritten.
// `probability`, if not NULL, gets the token's probability to a few digits. SAMPLE_UNDECIDABLE:
// llama2.c's float rounding decides; the caller must compute all logits in fp32 and run its
// sampler.
SampleStatus exact_sampler_sample(ExactSampler *sampler, const LmHeadInput *input, float *value,
                                  float coin, int32_t *id, float *probability);

// The probability of `id`, to a few digits; value as above. `all`: from 8 bits of every row; else
// from 4 bits of most rows.
float exact_sampler_probability(ExactSampler *sampler, const LmHeadInput *input, float *value,
                                int32_t id, bool all);

#endif
