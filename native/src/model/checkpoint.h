// llama2.c's checkpoints: version 0 (fp32, mapped) and version 2 (int8 in groups, expanded to fp32
// once when it is read). Checkpoint is llama2.c's Config and TransformerWeights in one.
#ifndef DUO_MODEL_CHECKPOINT_H
#define DUO_MODEL_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "model/config.h"

typedef struct {
    ModelConfig config;
    uint64_t parameters;
    // All row-major, as in the file. head = dim / heads, kv = head * kv_heads.
    const float *embedding;       // (vocab, dim)
    const float *attention_norm;  // (layers, dim)
    const float *wq;              // (layers, dim, dim)
    const float *wk, *wv;         // (layers, kv, dim)
    const float *wo;              // (layers, dim, dim)
    const float *ffn_norm;        // (layers, dim)
    const float *w1, *w3;         // (layers, hidden, dim)
    const float *w2;              // (layers, dim, hidden)
    const float *final_norm;      // (dim)
    const float *classifier;      // (vocab, dim); the embedding itself where they are tied
    bool tied;
    void *mapping;    // of the file; NULL where the weights were expanded
    size_t mapped;    // bytes of it
    float *expanded;  // version 2: malloced weights; NULL for version 0
} Checkpoint;

// Read `path`. Every size is checked before it is used. False, and `failure`, where the file is not
// a checkpoint, is truncated, has contradictory sizes, or does not fit in memory.
bool checkpoint_open(Checkpoint *checkpoint, const char *path, Failure *failure);
void checkpoint_close(Checkpoint *checkpoint);

#endif
