// The order of the rows of the classifier: the likeliest tokens first.
#ifndef DUO_PACK_PACK_ORDER_H
#define DUO_PACK_PACK_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "model/checkpoint.h"

// All ids (vocab): those that are not collapsed, then the others, each the likeliest first, as the
// model ranks them while it tells. A draft looks at the first of them only (narrator.c), and what
// is read together lies together.
bool pack_order(const Model *model, const bool *collapsed, int32_t *ids, Failure *failure);

#endif
