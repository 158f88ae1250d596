// Shared by the kernels for NEON.
#ifndef DUO_KERNELS_SIMD_NEON_COMMON_H
#define DUO_KERNELS_SIMD_NEON_COMMON_H

#include <arm_neon.h>

#include "kernels/simd.h"

#define INLINE __attribute__((always_inline)) static inline

// `call` with N = n, 4 at most, as a constant, so that what has N elements stays in registers.
#define WITH_CONSTANT(n, call) \
    switch (n) {               \
        case 1: {              \
            enum { N = 1 };    \
            call;              \
        } break;               \
        case 2: {              \
            enum { N = 2 };    \
            call;              \
        } break;               \
        case 3: {              \
            enum { N = 3 };    \
            call;              \
        } break;               \
        default: {             \
            enum { N = 4 };    \
            call;              \
        }                      \
    }

enum { MAX_VECTORS = 4 };  // vectors at once

static inline int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

#endif
