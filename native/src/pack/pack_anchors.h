// Anchors of the rows of the classifier: k-means (Lloyd 1982) over the means of its tiles.
#ifndef DUO_PACK_PACK_ANCHORS_H
#define DUO_PACK_PACK_ANCHORS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/lm_head.h"

// anchors (ANCHORS, dim): the first is 0, the others are cluster centres of the tiles' means of
// rows (vocab, dim); anchor_of (tiles): the nearest one. False where memory is short.
bool pack_anchors(const LmHead *head, const float *rows, float *anchors, uint8_t *anchor_of);

#endif
