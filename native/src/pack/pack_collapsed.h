// Finds the collapsed rows of the classifier: rows that training left nearly equal, because their tokens
// never occur in its text.
#ifndef DUO_PACK_PACK_COLLAPSED_H
#define DUO_PACK_PACK_COLLAPSED_H

#include <stdbool.h>
#include <stdint.h>

// Of `rows` (vocab, dim), whose input was scaled by final_norm (dim): collapsed (vocab) says which are,
// centre (dim) is their mean, radius their largest distance from it. Returns their number; 0 where they
// are too few to be worth it.
int32_t pack_collapsed(const float *rows, int32_t vocab, int32_t dim, const float *final_norm,
                       float *centre, float *radius, bool *collapsed);

#endif
