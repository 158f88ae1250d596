// Mirrors matmul() of llama2.c's run.c: out (rows) = w (rows, columns) @ x (columns), for `count`
// vectors. A tile of 32 rows is summed side by side, 32 columns at a time, column after column.
#include "kernels/matmul_exact.h"

#include <string.h>

void matmul_exact(const Simd *simd, float *out, int64_t stride, const IntMatrix *w, const float *x,
                  int64_t x_stride, int32_t count) {
    const float *plain = w->plain;
    for (int32_t tile = 0; tile < w->tiles; tile++, out += TILE) {
        _Alignas(64) float sums[BATCH * TILE];
        memset(sums, 0, (size_t)count * TILE * sizeof *sums);
        for (int32_t group = 0; group < w->groups; group++, plain += BLOCK) {
            simd->accumulate(sums, plain, x + group * GROUP, x_stride, count);
        }
        for (int32_t t = 0; t < count; t++) {
            memcpy(out + t * stride, sums + t * TILE, TILE * sizeof *sums);
        }
    }
}

uint64_t matmul_int8_bytes(const IntMatrix *w) {
    uint64_t blocks = (uint64_t)w->tiles * (uint64_t)w->groups;
    return blocks * (BLOCK + TILE) + (uint64_t)w->tiles * TILE * sizeof *w->scale;
}

uint64_t matmul_exact_bytes(const IntMatrix *w) {
    return (uint64_t)w->tiles * (uint64_t)w->groups * BLOCK * sizeof *w->plain;
}
