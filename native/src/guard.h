// How far the logits of mode exact are from llama2.c's: they are sums of the same products, of
// weights with 24 bits, added in another order. It is measured, on a story that the model tells.
#ifndef DUO_GUARD_H
#define DUO_GUARD_H

#include <stdbool.h>

#include "failure.h"
#include "packed.h"
#include "simd.h"

enum {
    GUARD_TOKENS = 48,
    GUARD_FACTOR = 4,  // times the largest difference that is seen is taken as the most there is
};

// The largest difference of any logit over `tokens` tokens, into *error. `packed` is for mode exact.
bool guard_measure(const Packed *packed, const Simd *simd, int32_t tokens, float *error,
                   Failure *failure);

#endif
