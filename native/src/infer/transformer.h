// The Llama 2 forward pass: one token in, the logits of the next one out.
#ifndef DUO_TRANSFORMER_H
#define DUO_TRANSFORMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "model/checkpoint.h"

typedef struct {
    const Checkpoint *checkpoint;
    int32_t positions;    // that the cache has room for
    float *memory;        // everything below is a slice of it
    float *x;             // (dim) the residual stream
    float *normed;        // (dim)
    float *query;         // (dim)
    float *mixed;         // (dim) the heads' weighted values
    float *branch;        // (dim) what a block adds to the residual stream
    float *gate, *up;     // (hidden)
    float *scores;        // (positions) of one head
    float *cosine, *sine; // (head / 2) RoPE at this position
    float *logits;        // (vocab)
    float *keys, *values; // (layers, positions, kv)
} Transformer;

// Room for `positions` tokens. False, and `failure`, where memory is short.
bool transformer_init(Transformer *transformer, const Checkpoint *checkpoint, int32_t positions,
                      Failure *failure);

// Run `token` at `position`; those before it must have been run. The logits (vocab), which the
// caller may change, or NULL where they are not wanted: a prompt's token needs none.
float *transformer_step(Transformer *transformer, int32_t token, int32_t position, bool logits);

void transformer_free(Transformer *transformer);

#endif
