// fp32 matmul from tiles, bit for bit llama2.c's matmul(): each block of weights is multiplied with
// up to 16 vectors, one column after another.
#ifndef DUO_KERNELS_MATMUL_EXACT_H
#define DUO_KERNELS_MATMUL_EXACT_H

#include <stdint.h>

#include "kernels/int_matrix.h"
#include "kernels/simd.h"

enum { BATCH = 16 };  // most vectors of one call

// out (count, stride) = w @ x (count, x_stride); x is 0 from w's columns to the end of its groups.
// stride is at least w's tiles * TILE: rows that are only padding are written too.
void matmul_exact(const Simd *simd, float *out, int64_t stride, const IntMatrix *w, const float *x,
                  int64_t x_stride, int32_t count);

// Bytes of weights that one call reads.
uint64_t matmul_exact_bytes(const IntMatrix *w);

// Bytes of weights that one call of Simd.matmul_int8 reads.
uint64_t matmul_int8_bytes(const IntMatrix *w);

#endif
