// The transformer's layers for the modes exact and fast, from a packed model. Runs up to 16
// consecutive tokens as a batch, so that each weight is read once for all: prefill, and
// verification of drafts.
#ifndef DUO_INFER_QUANT_TRANSFORMER_H
#define DUO_INFER_QUANT_TRANSFORMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "kernels/matmul_exact.h"
#include "kernels/simd.h"
#include "model/packed.h"

// int8 plane and int8 activations; or all planes in fp32, bit for bit llama2.c's results.
typedef enum { PRECISION_INT8, PRECISION_FP32 } Precision;

typedef struct {
    const Packed *packed;
    const Simd *simd;
    bool bf16;           // KV cache in bfloat16: mode fast
    int32_t positions;   // capacity of the KV cache
    int64_t stride;      // dim, rounded up to a group: floats of one vector
    int64_t wide;        // hidden, rounded up to a group
    void *memory;        // the buffers below are slices of it
    float *x;            // (BATCH, stride) the residual stream
    float *normed;       // (BATCH, stride); after a forward pass: input of the lm_head
    float *query;        // (BATCH, stride)
    float *key, *value;  // (BATCH, stride)
    float *attended;     // (BATCH, stride) output of the attention heads
    float *branch;       // (BATCH, stride) what a block adds to the residual stream
    float *gate, *up;    // (BATCH, wide)
    float *scores;       // (positions) of one head
    QuantizedVector quantised[BATCH];
    // For each layer and key head:
    void *keys;        // (head, capacity) a column for each position
    void *values;      // (capacity, head) a row for each position
    int64_t capacity;  // positions, rounded up to a group
    uint64_t bytes;    // of weights read so far
} QuantTransformer;

bool quant_transformer_init(QuantTransformer *transformer, const Packed *packed, const Simd *simd,
                            bool bf16, int32_t positions, Failure *failure);
void quant_transformer_free(QuantTransformer *transformer);

// Run `count` tokens (at most BATCH) from `position` on; the positions before must have been run.
// `normed` gets the output, after the final norm. False, and `failure`, where an embedding cannot
// be read.
bool quant_transformer_forward(QuantTransformer *transformer, Precision precision,
                               const int32_t *tokens, int32_t count, int32_t position,
                               Failure *failure);

#endif
