// Mode reference: llama2.c's forward(), one token in, the logits of the next one out. For each
// layer RMSNorm, QKV, RoPE, attention (GQA), output; RMSNorm, SwiGLU feed-forward. fp32, in
// llama2.c's order.
#ifndef DUO_INFER_TRANSFORMER_H
#define DUO_INFER_TRANSFORMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "model/checkpoint.h"

typedef struct {
    const Checkpoint *checkpoint;
    int32_t positions;     // capacity of the KV cache
    float *memory;         // the buffers below are slices of it
    float *x;              // (dim) the residual stream
    float *normed;         // (dim)
    float *query;          // (dim)
    float *attended;       // (dim) output of the attention heads
    float *branch;         // (dim) what a block adds to the residual stream
    float *gate, *up;      // (hidden)
    float *scores;         // (positions) of one head
    float *cosine, *sine;  // (head / 2) RoPE at this position
    float *logits;         // (vocab)
    float *keys, *values;  // (layers, positions, kv)
} Transformer;

// Allocate for `positions` tokens. False, and `failure`, where memory is short.
bool transformer_init(Transformer *transformer, const Checkpoint *checkpoint, int32_t positions,
                      Failure *failure);

// Run `token` at `position`; the positions before it must have been run. Returns the logits
// (vocab), which the caller may change; NULL if they are not wanted, as for a prompt's tokens.
float *transformer_forward(Transformer *transformer, int32_t token, int32_t position, bool logits);

void transformer_free(Transformer *transformer);

#endif
