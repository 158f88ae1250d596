// Telling from a packed model: the modes exact and fast, token by token.
//
// Mode exact drafts some tokens with the int8 plane of the weights, then reads all planes once to
// verify them together, with the same random numbers; what it lets out is what it would have told
// without drafts. A choice that llama2.c's rounding decides is made from all the logits, as there.
#ifndef DUO_NARRATOR_H
#define DUO_NARRATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "infer/exact_sampler.h"
#include "base/failure.h"
#include "model/packed.h"
#include "kernels/simd.h"

typedef struct {
    bool exact;           // or fast
    int32_t steps;        // tokens to run at most
    float temperature, topp;
    uint64_t seed;
    bool probabilities;
    int32_t prefill;      // prompt tokens at once, 1 to BATCH
    int32_t drafts;       // at most, in exact; 0 for none
    const Simd *simd;
} Narration;

// What it took so far.
typedef struct {
    uint64_t tokens;           // decoded
    uint64_t layer_bytes;      // of weights, to decode them
    uint64_t head_bytes;
    uint64_t drafted, agreed;  // drafts made, and told
    Counters counters;         // of the choices that were told
} Effort;

typedef struct Narrator Narrator;

// `packed` must outlive it. prompt (count), BOS first, count >= 1. NULL where memory is short.
Narrator *narrator_new(const Packed *packed, Narration narration, const int32_t *prompt,
                       int32_t count, Failure *failure);

// The token after the last one, the prompt's own first. False where the model can no longer be read.
// To be called `steps` times at most, and not after BOS.
bool narrator_next(Narrator *narrator, int32_t *id, float *probability, Failure *failure);

Effort narrator_effort(const Narrator *narrator);

void narrator_free(Narrator *narrator);

#endif
