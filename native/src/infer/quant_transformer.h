// The layers of the modes exact and fast: some tokens in a row at once, so that a weight which was
// read serves all of them. A prompt is read so, and a draft is verified so.
#ifndef DUO_LAYERS_H
#define DUO_LAYERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "model/packed.h"
#include "kernels/matmul_exact.h"
#include "kernels/simd.h"

// The int8 plane times int8; or all planes, in fp32, as llama2.c computes it, to the bit.
typedef enum { DRAFT, PRECISE } Precision;

typedef struct {
    const Packed *packed;
    const Simd *simd;
    bool half;               // keys and values in 16 bits: mode fast
    int32_t positions;       // that the caches have room for
    int64_t stride;          // floats of one vector of each buffer: dim or hidden, in whole groups
    int64_t wide;
    void *memory;            // everything below is a slice of it
    float *x;                // (BATCH, stride) the residual stream
    float *normed;           // (BATCH, stride); after layers_run: what the classifier reads
    float *query;            // (BATCH, stride)
    float *key, *value;      // (BATCH, stride)
    float *mixed;            // (BATCH, stride) the heads' weighted values
    float *branch;           // (BATCH, stride) what a block adds to the residual stream
    float *gate, *up;        // (BATCH, wide)
    float *scores;           // (positions) of one head
    QuantizedVector quantised[BATCH];
    // One after another for each layer and key head:
    void *keys;              // (head, capacity) a column for each position
    void *values;            // (capacity, head) a row for each position
    int64_t capacity;        // positions in whole groups
    uint64_t bytes;          // of weights that were read so far
} Layers;

bool layers_init(Layers *layers, const Packed *packed, const Simd *simd, bool half,
                 int32_t positions, Failure *failure);
void layers_free(Layers *layers);

// Run `count` tokens (at most BATCH) from `position` on; those before it must have been run. normed holds what
// comes out, by the final norm. False where an embedding could not be read.
bool layers_run(Layers *layers, Precision precision, const int32_t *tokens, int32_t count,
                int32_t position, Failure *failure);

#endif
