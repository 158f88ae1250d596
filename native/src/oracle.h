// What fp32 says: the forward pass of llama2.c, in its order, to the bit, for a mode that tells from
// other weights and has come to a decision that is too close to call. The weights are read from the
// model file one matrix after another, each once for all the positions that are asked for, so it
// needs the memory of one matrix and the time of the card.
#ifndef DUO_ORACLE_H
#define DUO_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"
#include "layers.h"

typedef struct {
    Layers *layers;     // whose caches (fp32) it sets right
    float *x;           // (positions, dim) the residual streams
    float *matrix;      // room for the largest
    float *row;         // (6, dim) and (2, hidden): one position at a time
    int32_t known;      // positions whose keys and values are llama2.c's to the bit
    uint64_t bytes;     // of weights that were read so far
} Oracle;

void oracle_init(Oracle *oracle, Layers *layers);
void oracle_free(Oracle *oracle);

// Run tokens (count) as llama2.c does and write the logits (vocab) that follow the last. False where
// memory is short or the file cannot be read.
bool oracle_ask(Oracle *oracle, const int32_t *tokens, int32_t count, float *logits,
                Failure *failure);

#endif
