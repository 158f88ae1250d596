// NEON kernels on integer planes: fp32 as llama2.c rounds it, and int8.
#ifndef DUO_KERNELS_SIMD_NEON_MATRIX_H
#define DUO_KERNELS_SIMD_NEON_MATRIX_H

#include <math.h>
#include <string.h>

#include "kernels/simd_neon_common.h"

static void quantise(QuantizedVector *to, const float *x, int32_t n) {
    for (int32_t group = 0; group < groups_of(n); group++) {
        int32_t start = group * GROUP;
        float last[GROUP] = {0};
        const float *from = x + start;
        if (n - start < GROUP) from = memcpy(last, from, (size_t)(n - start) * sizeof *from);
        float32x4_t part[8], most = vdupq_n_f32(0.0f);
        for (int32_t k = 0; k < 8; k++) {
            part[k] = vld1q_f32(from + 4 * k);
            most = vmaxnmq_f32(most, vabsq_f32(part[k]));  // the number, where one is NaN
        }
        float peak = vmaxnmvq_f32(most), steps = peak > 0.0f ? 127.0f / peak : 0.0f;
        if (!isfinite(steps)) steps = 0.0f;
        int16x8_t value[4];
        for (int32_t k = 0; k < 4; k++) {
            // to nearest, the even one of two; NaN becomes 0
            int32x4_t low = vcvtnq_s32_f32(vmulq_n_f32(part[2 * k], steps));
            int32x4_t high = vcvtnq_s32_f32(vmulq_n_f32(part[2 * k + 1], steps));
            value[k] = vcombine_s16(vmovn_s32(low), vmovn_s32(high));
            vst1_s8(to->value + start + 8 * k, vmovn_s16(value[k]));
        }
        int16x8_t sum = vaddq_s16(vaddq_s16(value[0], value[1]), vaddq_s16(value[2], value[3]));
        to->sum[group] = vaddlvq_s16(sum);
        to->scale[group] = peak / 127.0f;
    }
}

// The column `lane` of four: each product rounded, then added.
#define ADD_COLUMN(lane)                                                      \
    for (int32_t k = 0; k < parts; k++) {                                     \
        float32x4_t w = vld1q_f32(plain + (i + lane) * TILE + 4 * k);         \
        for (int32_t t = 0; t < n; t++) {                                     \
            sum[t][k] = vaddq_f32(sum[t][k], vmulq_laneq_f32(w, v[t], lane)); \
        }                                                                     \
    }

// `n` vectors with 4 * `parts` rows.
INLINE void accumulate_rows(float *sums, const float *plain, const float *x, int64_t x_stride,
                            const int32_t n, const int32_t parts) {
    float32x4_t sum[MAX_VECTORS][8], v[MAX_VECTORS];
    for (int32_t t = 0; t < n; t++) {
        for (int32_t k = 0; k < parts; k++) sum[t][k] = vld1q_f32(sums + t * TILE + 4 * k);
    }
    for (int32_t i = 0; i < GROUP; i += 4) {
        for (int32_t t = 0; t < n; t++) v[t] = vld1q_f32(x + t * x_stride + i);
        ADD_COLUMN(0)
        ADD_COLUMN(1)
        ADD_COLUMN(2)
        ADD_COLUMN(3)
    }
    for (int32_t t = 0; t < n; t++) {
        for (int32_t k = 0; k < parts; k++) vst1q_f32(sums + t * TILE + 4 * k, sum[t][k]);
    }
}

// A whole tile at once where there are registers for its sums, else one half after the other.
static void accumulate(float *sums, const float *plain, const float *x, int64_t x_stride,
                       int32_t count) {
    for (int32_t t = 0; t < count; t += MAX_VECTORS) {
        float *to = sums + t * TILE;
        const float *from = x + t * x_stride;
        WITH_CONSTANT(smaller(count - t, MAX_VECTORS), {
            if (N <= 3) {
                accumulate_rows(to, plain, from, x_stride, N, 8);
            } else {
                accumulate_rows(to, plain, from, x_stride, N, 4);
                accumulate_rows(to + 16, plain + 16, from, x_stride, N, 4);
            }
        })
    }
}

// The sums of a group's rows from 16 * half on, times the rows' multipliers and x's scale.
INLINE void add_group(float32x4_t total[][8], int32x4_t sum[][8], const uint8_t *multiplier,
                      const QuantizedVector *x, int32_t group, const int32_t n, const int32_t half,
                      const int32_t halves) {
    for (int32_t part = 0; part < halves; part++) {
        uint8x16_t bytes = vld1q_u8(multiplier + 16 * (half + part));
        uint16x8_t low = vmovl_u8(vget_low_u8(bytes)), high = vmovl_high_u8(bytes);
        uint32x4_t times[4] = {vmovl_u16(vget_low_u16(low)), vmovl_high_u16(low),
                               vmovl_u16(vget_low_u16(high)), vmovl_high_u16(high)};
        for (int32_t t = 0; t < n; t++) {
            for (int32_t k = 0; k < 4; k++) {
                float32x4_t *to = &total[t][4 * (half + part) + k];
                int32x4_t factor = vreinterpretq_s32_u32(times[k]);
                int32x4_t product = vmulq_s32(sum[t][4 * part + k], factor);
                *to = vfmaq_n_f32(*to, vcvtq_f32_s32(product), x[t].scale[group]);
            }
        }
    }
}

INLINE void store_matmul_int8(float *out, float32x4_t total[8], const float *scale) {
    for (int32_t k = 0; k < 8; k++) {
        vst1q_f32(out + 4 * k, vmulq_f32(total[k], vld1q_f32(scale + 4 * k)));
    }
}

// The columns 4 * lane to 4 * lane + 3 of sixteen, times v. Products of two columns side by side
// fit into words twice: the columns of a row are interleaved in pairs, and two pairs added before
// they become dwords.
#define DRAFT_COLUMNS(lane)                                                                      \
    for (int32_t half = 0; half < halves; half++) {                                              \
        const int8_t *at = high + 4 * lane * TILE + 16 * half;                                   \
        int8x16_t a = vld1q_s8(at), b = vld1q_s8(at + TILE);                                     \
        int8x16_t c = vld1q_s8(at + 2 * TILE), d = vld1q_s8(at + 3 * TILE);                      \
        int8x16_t ab[2] = {vzip1q_s8(a, b), vzip2q_s8(a, b)};                                    \
        int8x16_t cd[2] = {vzip1q_s8(c, d), vzip2q_s8(c, d)};                                    \
        for (int32_t t = 0; t < n; t++) {                                                        \
            int8x16_t vab = vreinterpretq_s8_s16(vdupq_laneq_s16(v[t], 2 * lane));               \
            int8x16_t vcd = vreinterpretq_s8_s16(vdupq_laneq_s16(v[t], 2 * lane + 1));           \
            for (int32_t k = 0; k < 2; k++) {                                                    \
                int32x4_t *to = &sum[t][4 * half + 2 * k];                                       \
                int16x8_t low = vmull_s8(vget_low_s8(ab[k]), vget_low_s8(vab));                  \
                int16x8_t upper = vmull_high_s8(ab[k], vab);                                     \
                to[0] = vpadalq_s16(to[0], vmlal_s8(low, vget_low_s8(cd[k]), vget_low_s8(vcd))); \
                to[1] = vpadalq_s16(to[1], vmlal_high_s8(upper, cd[k], vcd));                    \
            }                                                                                    \
        }                                                                                        \
    }

// Sixteen rows of a group, or all 32.
INLINE void matmul_int8_rows(int32x4_t sum[][8], const int8_t *high, const QuantizedVector *x,
                             int32_t column, const int32_t n, const int32_t halves) {
    for (int32_t i = 0; i < GROUP; i += 16, high += 16 * TILE) {
        int16x8_t v[MAX_VECTORS];
        for (int32_t t = 0; t < n; t++) {
            v[t] = vreinterpretq_s16_s8(vld1q_s8(x[t].value + column + i));
        }
        DRAFT_COLUMNS(0)
        DRAFT_COLUMNS(1)
        DRAFT_COLUMNS(2)
        DRAFT_COLUMNS(3)
    }
}
#undef DRAFT_COLUMNS

INLINE void matmul_int8_tile(float *out, int64_t stride, const IntMatrix *w, int32_t tile,
                             const QuantizedVector *x, const int32_t n) {
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
            matmul_int8_rows(sum, w->high + block * BLOCK + 16 * half, x, group * GROUP, n, halves);
            add_group(total, sum, w->multiplier + block * TILE, x, group, n, half, halves);
        }
    }
    for (int32_t t = 0; t < n; t++) {
        store_matmul_int8(out + t * stride, total[t], w->scale + tile * TILE);
    }
}

static void matmul_int8(float *out, int64_t stride, const IntMatrix *w, const QuantizedVector *x,
                        int32_t count) {
    for (int32_t tile = 0; tile < w->tiles; tile++) {
        for (int32_t t = 0; t < count; t += MAX_VECTORS) {
            float *to = out + t * stride + tile * TILE;
            WITH_CONSTANT(smaller(count - t, MAX_VECTORS),
                          matmul_int8_tile(to, stride, w, tile, x + t, N))
        }
    }
}

// All 32 columns fit into a word: the sum begins with what takes the 8 from every weight, and may
// wrap around on the way.
INLINE void matmul_int4_tile(float *out, int64_t stride, const uint8_t *coarse, int32_t groups,
                             const QuantizedVector *x, const int32_t n) {
    float32x4_t total[MAX_VECTORS][8];
    for (int32_t t = 0; t < n; t++) {
        for (int32_t k = 0; k < 8; k++) total[t][k] = vdupq_n_f32(0.0f);
    }
    for (int32_t group = 0; group < groups; group++) {
        int16x8_t sum[MAX_VECTORS][4];
        for (int32_t t = 0; t < n; t++) {
            int16x8_t eights = vdupq_n_s16((int16_t)(-8 * x[t].sum[group]));
            for (int32_t k = 0; k < 4; k++) sum[t][k] = eights;
        }
        for (int32_t i = 0; i < GROUP; i += 2, coarse += TILE) {
            for (int32_t k = 0; k < 2; k++) {
                uint8x16_t bytes = vld1q_u8(coarse + 16 * k);
                int8x16_t even = vreinterpretq_s8_u8(vandq_u8(bytes, vdupq_n_u8(15)));
                int8x16_t odd = vreinterpretq_s8_u8(vshrq_n_u8(bytes, 4));
                for (int32_t t = 0; t < n; t++) {
                    const int8_t *value = x[t].value + group * GROUP + i;
                    int8x16_t v = vdupq_n_s8(value[0]), u = vdupq_n_s8(value[1]);
                    int16x8_t *low = &sum[t][2 * k], *upper = low + 1;
                    *low = vmlal_s8(*low, vget_low_s8(even), vget_low_s8(v));
                    *upper = vmlal_high_s8(*upper, even, v);
                    *low = vmlal_s8(*low, vget_low_s8(odd), vget_low_s8(u));
                    *upper = vmlal_high_s8(*upper, odd, u);
                }
            }
        }
        for (int32_t t = 0; t < n; t++) {
            float scale = x[t].scale[group];
            for (int32_t k = 0; k < 4; k++) {
                float32x4_t low = vcvtq_f32_s32(vmovl_s16(vget_low_s16(sum[t][k])));
                float32x4_t high = vcvtq_f32_s32(vmovl_high_s16(sum[t][k]));
                total[t][2 * k] = vfmaq_n_f32(total[t][2 * k], low, scale);
                total[t][2 * k + 1] = vfmaq_n_f32(total[t][2 * k + 1], high, scale);
            }
        }
    }
    for (int32_t t = 0; t < n; t++) {
        for (int32_t k = 0; k < 8; k++) vst1q_f32(out + t * stride + 4 * k, total[t][k]);
    }
}

static void matmul_int4(float *out, int64_t stride, const uint8_t *coarse, int32_t tiles,
                        int32_t groups, const QuantizedVector *x, int32_t count) {
    for (int32_t tile = 0; tile < tiles; tile++, coarse += groups * (GROUP / 2) * TILE) {
        for (int32_t t = 0; t < count; t += MAX_VECTORS) {
            float *to = out + t * stride + tile * TILE;
            WITH_CONSTANT(smaller(count - t, MAX_VECTORS),
                          matmul_int4_tile(to, stride, coarse, groups, x + t, N))
        }
    }
}

// A row's sixteen bytes as weights times 16: those of its columns 0 to 15 and 16 to 31.
INLINE void sixteenths(int8x16_t w[2], const uint8_t *row) {
    uint8x16_t bytes = veorq_u8(vld1q_u8(row), vdupq_n_u8(0x88));
    w[0] = vreinterpretq_s8_u8(vshlq_n_u8(bytes, 4));
    w[1] = vreinterpretq_s8_u8(vandq_u8(bytes, vdupq_n_u8(0xf0)));
}

static float dot_int4(const uint8_t *row, int32_t groups, const QuantizedVector *x) {
    float32x4_t total = vdupq_n_f32(0.0f);
    for (int32_t group = 0; group < groups; group++, row += GROUP / 2) {
        const int8_t *value = x->value + group * GROUP;
        int8x16_t w[2], v = vld1q_s8(value), u = vld1q_s8(value + 16);
        sixteenths(w, row);
        // up to 2 * 128 * 127: fits
        int16x8_t low = vmull_s8(vget_low_s8(w[0]), vget_low_s8(v));
        low = vmlal_s8(low, vget_low_s8(w[1]), vget_low_s8(u));
        int16x8_t upper = vmlal_high_s8(vmull_high_s8(w[0], v), w[1], u);
        int32x4_t sum = vpadalq_s16(vpaddlq_s16(low), upper);
        total = vfmaq_n_f32(total, vcvtq_f32_s32(sum), x->scale[group]);
    }
    return vaddvq_f32(total) / 16.0f;
}

#endif
