// A matrix times some vectors in fp32, from its planes, to the bit as llama2.c has it: the weights
// are put together block by block, once for all the vectors.
#ifndef DUO_PRODUCT_H
#define DUO_PRODUCT_H

#include <stdint.h>

#include "kernels/int_matrix.h"
#include "kernels/simd.h"

enum { BATCH = 16 };  // vectors at once, at most

// out (count, stride) = w @ x (count, x_stride), which is 0 from w's columns to its groups' end.
// stride is at least w's tiles * TILE: rows that are only padding are written too.
void product(const Simd *simd, float *out, int64_t stride, const Matrix *w, const float *x,
             int64_t x_stride, int32_t count);

// Bytes of weights that it reads.
uint64_t product_bytes(const Matrix *w);

// Those of Simd.draft.
uint64_t draft_bytes(const Matrix *w);

#endif
