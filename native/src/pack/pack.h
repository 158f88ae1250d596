// Packing: a llama2.c model into the form of packed.h. The same model gives the same bytes.
#ifndef DUO_PACK_H
#define DUO_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "model/checkpoint.h"
#include "model/packed.h"

// The square of the length of x (n).
static inline double squares_of(const float *x, int32_t n) {
    double squares = 0.0;
    for (int32_t i = 0; i < n; i++) squares += (double)x[i] * (double)x[i];
    return squares;
}

// In memory, for `modes`.
bool pack_model(Packed *packed, const Model *model, uint32_t modes, Failure *failure);

// The rows of the classifier (vocab, dim), which reads what final_norm (dim) has weighted, that
// training collapsed onto nearly one vector: their centre (dim), how far the farthest is from it,
// and which they are (vocab). Their number, 0 where they are too few to pay.
int32_t pack_collapsed(const float *rows, int32_t vocab, int32_t dim, const float *final_norm,
                       float *centre, float *radius, bool *collapsed);

// All ids (vocab): those that are not collapsed, then the others, each the likeliest first, as the
// model ranks them while it tells. A draft looks at the first of them only (narrator.c), and what
// is read together lies together.
bool pack_order(const Model *model, const bool *collapsed, int32_t *ids, Failure *failure);

// What the rows (vocab, dim) of each tile are coded against: anchors (ANCHORS, dim), the first of them
// 0, the others the centres of what tiles are alike, and the nearest of each tile (tiles). False
// where memory is short.
bool pack_anchors(const Head *head, const float *rows, float *anchors, uint8_t *anchor_of);

#endif
