// The sizes of a model, and how many weights follow from them.
#ifndef DUO_SHAPE_H
#define DUO_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

typedef struct {
    int32_t dim, hidden, layers, heads, kv_heads, vocab, context;
} Shape;

// Floats of each kind of weight, all layers together.
typedef struct {
    uint64_t embedding, norm, query, key, ffn;
} Counts;

// False, and `failure` that names the file at `path`, where the sizes make no sense together or
// are larger than any model that this engine could tell with.
bool shape_check(const char *path, Shape shape, Failure *failure);

Counts shape_counts(Shape shape);
uint64_t shape_parameters(Shape shape, Counts counts, bool tied);

// Floats of one position's key, or value, in one layer.
static inline int32_t shape_kv(Shape s) { return s.dim / s.heads * s.kv_heads; }

#endif
