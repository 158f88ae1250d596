// Mirrors matmul() of llama2.c's run.c: out (rows) = w (rows, columns) @ x (columns), for `count`
// vectors. A tile of 32 rows is summed side by side. Its weights are unpacked block by block, 32
// columns at a time, so that they are multiplied from the first-level cache, column after column.
#include "kernels/matmul_exact.h"

#include <string.h>

void matmul_exact(const Simd *simd, float *out, int64_t stride, const IntMatrix *w, const float *x,
                  int64_t x_stride, int32_t count) {
    for (int32_t tile = 0; tile < w->tiles; tile++, out += TILE) {
        _Alignas(64) float plain[BLOCK], sums[BATCH * TILE];
        memset(sums, 0, (size_t)count * TILE * sizeof *sums);
        for (int32_t group = 0; group < w->groups; group++) {
            int64_t block = (int64_t)tile * w->groups + group;
            simd->unpack(plain, w, block);
            int_matrix_apply_patches(w, block, plain);
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
    uint64_t blocks = (uint64_t)w->tiles * (uint64_t)w->groups;
    uint64_t patches = w->patched[blocks] - w->patched[0];
    return matmul_int8_bytes(w) +
           blocks * (BLOCK * (sizeof *w->middle + sizeof *w->low) + sizeof *w->patched) +
           patches * (sizeof *w->patch_at + sizeof *w->patch);
}
