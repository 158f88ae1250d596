// Packing: a llama2.c model into the form of packed.h. The same model gives the same bytes.
#ifndef DUO_PACK_H
#define DUO_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "model/checkpoint.h"
#include "model/packed.h"

// In memory, for `modes`.
bool pack_model(Packed *packed, const Model *model, uint32_t modes, Failure *failure);

#endif
