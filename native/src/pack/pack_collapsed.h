// Rows of the classifier that training left near to one vector, because no story has their tokens.
#ifndef DUO_PACK_PACK_COLLAPSED_H
#define DUO_PACK_PACK_COLLAPSED_H

#include <stdbool.h>
#include <stdint.h>

// The rows of the classifier (vocab, dim), which reads what final_norm (dim) has weighted, that
// training collapsed onto nearly one vector: their centre (dim), how far the farthest is from it,
// and which they are (vocab). Their number, 0 where they are too few to pay.
int32_t pack_collapsed(const float *rows, int32_t vocab, int32_t dim, const float *final_norm,
                       float *centre, float *radius, bool *collapsed);

#endif
