// Finds the collapsed rows of the classifier: rows that training left nearly equal, because their
// tokens never occur in its text.
#ifndef DUO_PACK_PACK_COLLAPSED_H
#define DUO_PACK_PACK_COLLAPSED_H

#include <stdbool.h>
#include <stdint.h>

#include "model/checkpoint.h"

typedef struct {
    bool *collapsed;  // (vocab) which rows are
    float *centre;    // (dim) their mean
    float radius;     // their largest distance from it
    int32_t count;    // their number; 0 where they are too few to be worth it
} CollapsedRows;

// Fill `found`, whose arrays the caller allocates, from the classifier and final norm of
// `checkpoint`.
void pack_collapsed(const Checkpoint *checkpoint, CollapsedRows *found);

#endif
