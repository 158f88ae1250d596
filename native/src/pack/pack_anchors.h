// Anchors of the rows of the classifier: k-means (Lloyd 1982) over the means of its tiles.
#ifndef DUO_PACK_PACK_ANCHORS_H
#define DUO_PACK_PACK_ANCHORS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/lm_head.h"

// What the rows (vocab, dim) of each tile are coded against: anchors (ANCHORS, dim), the first of them
// 0, the others the centres of what tiles are alike, and the nearest of each tile (tiles). False
// where memory is short.
bool pack_anchors(const Head *head, const float *rows, float *anchors, uint8_t *anchor_of);

#endif
