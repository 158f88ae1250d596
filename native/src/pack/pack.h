// Packs a llama2.c checkpoint into the sections of packed.h (docs/packed.md). Deterministic.
#ifndef DUO_PACK_PACK_H
#define DUO_PACK_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "model/checkpoint.h"
#include "model/packed.h"

// Pack in memory, for `modes` (PACKED_EXACT, PACKED_FAST). False, and `failure`, where memory is
// short.
bool pack_checkpoint(Packed *packed, const Checkpoint *checkpoint, uint32_t modes,
                     Failure *failure);

#endif
