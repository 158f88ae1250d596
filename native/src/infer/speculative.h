// Decodes tokens from a packed model: mode fast one by one, mode exact by speculative decoding
// (Leviathan, Kalman, Matias 2023, "Fast Inference from Transformers via Speculative Decoding").
//
// The draft model is the int8 plane of the same weights, over the likeliest rows of the lm_head.
// The fp32 weights then verify the drafts in one batch. Draft and target sample with the same random
// numbers, and a draft is accepted where the target samples the same id. So the output is that of
// decoding without drafts. A sample that float rounding decides is taken from all logits by
// llama2.c's sampler.
#ifndef DUO_INFER_SPECULATIVE_H
#define DUO_INFER_SPECULATIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "infer/exact_sampler.h"
#include "kernels/simd.h"
#include "model/packed.h"

typedef struct {
    bool exact;     // mode exact; else fast
    int32_t steps;  // most tokens to run
    float temperature, topp;
    uint64_t seed;
    bool probabilities;
    int32_t prefill;  // prompt tokens of one batch, 1 to BATCH
    int32_t drafts;   // most drafts of one round in mode exact; 0: none
    const Simd *simd;
} SpecOptions;

// Counters since the prompt.
typedef struct {
    uint64_t tokens;       // decoded
    uint64_t layer_bytes;  // of weights read
    uint64_t head_bytes;
    uint64_t drafted, accepted;  // drafts made, drafts accepted
    SamplerCounters counters;    // of the target's sampler
} DecodeStats;

typedef struct SpecDecoder SpecDecoder;

// `packed` must outlive it. prompt (count): BOS first, count >= 1. NULL, and `failure`, where
// memory is short.
SpecDecoder *spec_decoder_new(const Packed *packed, SpecOptions options, const int32_t *prompt,
                              int32_t count, Failure *failure);

// The next token; first come the prompt's own. False, and `failure`, where the model's file cannot
// be read. Call it at most `steps` times, and not after BOS.
bool spec_decoder_next(SpecDecoder *decoder, int32_t *id, float *probability, Failure *failure);

DecodeStats spec_decoder_stats(const SpecDecoder *decoder);

void spec_decoder_free(SpecDecoder *decoder);

#endif
