// The sizes of a model: llama2.c's Config, with shorter names. And how many weights they imply.
#ifndef DUO_MODEL_CONFIG_H
#define DUO_MODEL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

typedef struct {
    int32_t dim, hidden, layers, heads, kv_heads, vocab, context;
} ModelConfig;

// Number of weights of each kind, all layers together.
typedef struct {
    uint64_t embedding, norm, query, key, ffn;
} WeightCounts;

// False, and `failure` that names the file at `path`, where the sizes contradict each other or
// exceed what this engine supports.
bool config_check(const char *path, ModelConfig config, Failure *failure);

WeightCounts config_weight_counts(ModelConfig config);
uint64_t config_parameters(ModelConfig config, WeightCounts counts, bool tied);

// Floats of the key, or of the value, of one position in one layer.
static inline int32_t config_kv_dim(ModelConfig s) { return s.dim / s.heads * s.kv_heads; }

#endif
