// The int8 kernels for NEON with the dot product of ARMv8.2 (sdot): four columns at once.
#ifndef DUO_KERNELS_SIMD_NEON_DOTPROD_H
#define DUO_KERNELS_SIMD_NEON_DOTPROD_H

#include "kernels/simd_neon_matrix.h"

#if SIMD_DOTPROD

#if defined(__ARM_FEATURE_DOTPROD)
#define DOTPROD
#else
#define DOTPROD __attribute__((target("arch=armv8.2-a+dotprod")))
#endif

// Four columns of sixteen rows, as a dword for each row.
INLINE void turn(uint8x16_t rows[4], const uint8_t *a, int32_t stride) {
    uint8x16_t column0 = vld1q_u8(a), column1 = vld1q_u8(a + stride);
    uint8x16_t column2 = vld1q_u8(a + 2 * stride), column3 = vld1q_u8(a + 3 * stride);
    uint8x16_t even[2] = {vzip1q_u8(column0, column2), vzip2q_u8(column0, column2)};
    uint8x16_t odd[2] = {vzip1q_u8(column1, column3), vzip2q_u8(column1, column3)};
    for (int32_t k = 0; k < 2; k++) {
        rows[2 * k] = vzip1q_u8(even[k], odd[k]);
        rows[2 * k + 1] = vzip2q_u8(even[k], odd[k]);
    }
}

// The columns 4 * lane to 4 * lane + 3 of sixteen, times v. Left alone gcc loads all sixteen first,
// and runs out of registers.
#define DRAFT_COLUMNS(lane)                                   \
    __asm__ volatile("" ::: "memory");                        \
    for (int32_t half = 0; half < halves; half++) {           \
        turn(rows, high + 4 * lane * TILE + 16 * half, TILE); \
        for (int32_t k = 0; k < 4; k++) {                     \
            int8x16_t w = vreinterpretq_s8_u8(rows[k]);       \
            for (int32_t t = 0; t < n; t++) {                 \
                int32x4_t *to = &sum[t][4 * half + k];        \
                *to = vdotq_laneq_s32(*to, w, v[t], lane);    \
            }                                                 \
        }                                                     \
    }

// Sixteen rows of a group, or all 32.
DOTPROD INLINE void matmul_int8_rows_dotprod(int32x4_t sum[][8], const uint8_t *high,
                                             const QuantizedVector *x, int32_t column,
                                             const int32_t n, const int32_t halves) {
    for (int32_t i = 0; i < GROUP; i += 16, high += 16 * TILE) {
        uint8x16_t rows[4];
        int8x16_t v[MAX_VECTORS];
        for (int32_t t = 0; t < n; t++) v[t] = vld1q_s8(x[t].value + column + i);
        DRAFT_COLUMNS(0)
        DRAFT_COLUMNS(1)
        DRAFT_COLUMNS(2)
        DRAFT_COLUMNS(3)
    }
}

DOTPROD INLINE void matmul_int8_tile_dotprod(float *out, int64_t stride, const IntMatrix *w,
                                             int32_t tile, const QuantizedVector *x,
                                             const int32_t n) {
    const int32_t halves = n <= 2 ? 2 : 1;  // at once: what there are registers for
    float32x4_t total[MAX_VECTORS][8];
    for (int32_t t = 0; t < n; t++) {
        for (int32_t k = 0; k < 8; k++) total[t][k] = vdupq_n_f32(0.0f);
    }
    for (int32_t group = 0; group < w->groups; group++) {
        int64_t block = (int64_t)tile * w->groups + group;
        for (int32_t half = 0; half < 2; half += halves) {
            int32x4_t sum[MAX_VECTORS][8];
            for (int32_t t = 0; t < n; t++) {
                for (int32_t k = 0; k < 4 * halves; k++) sum[t][k] = vdupq_n_s32(0);
            }
            const uint8_t *high = (const uint8_t *)w->high + block * BLOCK + 16 * half;
            matmul_int8_rows_dotprod(sum, high, x, group * GROUP, n, halves);
            add_group(total, sum, w->multiplier + block * TILE, x, group, n, half, halves);
        }
    }
    for (int32_t t = 0; t < n; t++) {
        store_matmul_int8(out + t * stride, total[t], w->scale + tile * TILE);
    }
}

DOTPROD static void matmul_int8_dotprod(float *out, int64_t stride, const IntMatrix *w,
                                        const QuantizedVector *x, int32_t count) {
    for (int32_t tile = 0; tile < w->tiles; tile++) {
        for (int32_t t = 0; t < count; t += MAX_VECTORS) {
            float *to = out + t * stride + tile * TILE;
            WITH_CONSTANT(smaller(count - t, MAX_VECTORS),
                          matmul_int8_tile_dotprod(to, stride, w, tile, x + t, N))
        }
    }
}

// The columns 8 * lane to 8 * lane + 7 of a group, even ones times v, odd ones times u.
#define SCREEN_COLUMNS(lane)                                                         \
    __asm__ volatile("" ::: "memory"); /* as in matmul_int8 */                       \
    for (int32_t half = 0; half < halves; half++) {                                  \
        turn(rows, coarse + 4 * lane * TILE + 16 * half, TILE);                      \
        for (int32_t k = 0; k < 4; k++) {                                            \
            int8x16_t even = vreinterpretq_s8_u8(vandq_u8(rows[k], vdupq_n_u8(15))); \
            int8x16_t odd = vreinterpretq_s8_u8(vshrq_n_u8(rows[k], 4));             \
            for (int32_t t = 0; t < n; t++) {                                        \
                int32x4_t *to = &sum[t][4 * half + k];                               \
                *to = vdotq_laneq_s32(*to, even, v[t], lane);                        \
                *to = vdotq_laneq_s32(*to, odd, u[t], lane);                         \
            }                                                                        \
        }                                                                            \
    }

// Sixteen rows, or a tile's 32.
DOTPROD INLINE void matmul_int4_rows_dotprod(float *out, int64_t stride, const uint8_t *coarse,
                                             int32_t groups, const QuantizedVector *x,
                                             const int32_t n, const int32_t halves) {
    float32x4_t total[MAX_VECTORS][8];
    for (int32_t t = 0; t < n; t++) {
        for (int32_t k = 0; k < 4 * halves; k++) total[t][k] = vdupq_n_f32(0.0f);
    }
    for (int32_t group = 0; group < groups; group++, coarse += GROUP / 2 * TILE) {
        uint8x16_t rows[4];
        int8x16_t v[MAX_VECTORS], u[MAX_VECTORS];
        int32x4_t sum[MAX_VECTORS][8];
        for (int32_t t = 0; t < n; t++) {
            int8x16x2_t value = vld2q_s8(x[t].value + group * GROUP);
            v[t] = value.val[0];
            u[t] = value.val[1];
            int32x4_t eights = vdupq_n_s32(-8 * x[t].sum[group]);
            for (int32_t k = 0; k < 4 * halves; k++) sum[t][k] = eights;
        }
        SCREEN_COLUMNS(0)
        SCREEN_COLUMNS(1)
        SCREEN_COLUMNS(2)
        SCREEN_COLUMNS(3)
        for (int32_t t = 0; t < n; t++) {
            float scale = x[t].scale[group];
            for (int32_t k = 0; k < 4 * halves; k++) {
                total[t][k] = vfmaq_n_f32(total[t][k], vcvtq_f32_s32(sum[t][k]), scale);
            }
        }
    }
    for (int32_t t = 0; t < n; t++) {
        for (int32_t k = 0; k < 4 * halves; k++) vst1q_f32(out + t * stride + 4 * k, total[t][k]);
    }
}

// What there are registers for: one vector with all rows, or two with half of them.
DOTPROD static void matmul_int4_dotprod(float *out, int64_t stride, const uint8_t *coarse,
                                        int32_t tiles, int32_t groups, const QuantizedVector *x,
                                        int32_t count) {
    for (int32_t tile = 0; tile < tiles; tile++, coarse += groups * (GROUP / 2) * TILE) {
        for (int32_t t = 0; t < count; t += 2) {
            float *to = out + t * stride + tile * TILE;
            if (count - t == 1) {
                matmul_int4_rows_dotprod(to, stride, coarse, groups, x + t, 1, 2);
            } else {
                matmul_int4_rows_dotprod(to, stride, coarse, groups, x + t, 2, 1);
                matmul_int4_rows_dotprod(to + 16, stride, coarse + 16, groups, x + t, 2, 1);
            }
        }
    }
}

DOTPROD static float dot_int4_dotprod(const uint8_t *row, int32_t groups,
                                      const QuantizedVector *x) {
    float32x4_t total = vdupq_n_f32(0.0f);
    for (int32_t group = 0; group < groups; group++, row += GROUP / 2) {
        const int8_t *value = x->value + group * GROUP;
        int8x16_t w[2];
        sixteenths(w, row);
        int32x4_t sum = vdotq_s32(vdupq_n_s32(0), w[0], vld1q_s8(value));
        sum = vdotq_s32(sum, w[1], vld1q_s8(value + 16));
        total = vfmaq_n_f32(total, vcvtq_f32_s32(sum), x->scale[group]);
    }
    return vaddvq_f32(total) / 16.0f;
}

#endif
#endif
