// The order of the rows of the classifier: the likeliest tokens first.
#ifndef DUO_PACK_PACK_ORDER_H
#define DUO_PACK_PACK_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "model/checkpoint.h"

// ids (vocab): the coded rows, then the collapsed ones, each the likeliest first by a calibration
// run. Drafts are sampled from the first rows only (speculative.c), and rows that are read together
// become contiguous.
bool pack_order(const Checkpoint *checkpoint, const bool *collapsed, int32_t *ids,
                Failure *failure);

#endif
