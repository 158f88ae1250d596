// Kernels for AArch64: NEON, which every such processor has, and the dot product of ARMv8.2, which
// processors since about 2018 have.
#if defined(__aarch64__)

#include "kernels/simd_neon_dotprod.h"
#include "kernels/simd_neon_matrix.h"

// The first n of four floats, then zeros; all where there are more.
INLINE float32x4_t load_first(const float *p, int32_t n) {
    if (n >= 4) return vld1q_f32(p);
    float four[4] = {0};
    memcpy(four, p, (size_t)n * sizeof *p);
    return vld1q_f32(four);
}

INLINE void store_first(float *p, float32x4_t x, int32_t n) {
    if (n >= 4) {
        vst1q_f32(p, x);
        return;
    }
    float four[4];
    vst1q_f32(four, x);
    memcpy(p, four, (size_t)n * sizeof *p);
}

// All bits of the first n of four.
INLINE uint32x4_t first(int32_t n) {
    static const int32_t order[4] = {0, 1, 2, 3};
    return vcltq_s32(vld1q_s32(order), vdupq_n_s32(n));
}

static float dot(const float *a, const float *b, int32_t n) {
    float32x4_t sum[4];
    for (int32_t k = 0; k < 4; k++) sum[k] = vdupq_n_f32(0.0f);
    int32_t i = 0;
    for (; i + 16 <= n; i += 16) {
        for (int32_t k = 0; k < 4; k++) {
            sum[k] = vfmaq_f32(sum[k], vld1q_f32(a + i + 4 * k), vld1q_f32(b + i + 4 * k));
        }
    }
    for (; i < n; i += 4) {
        sum[0] = vfmaq_f32(sum[0], load_first(a + i, n - i), load_first(b + i, n - i));
    }
    return vaddvq_f32(vaddq_f32(vaddq_f32(sum[0], sum[1]), vaddq_f32(sum[2], sum[3])));
}

// 4 n numbers, fp32 or bfloat16, from the one at `at` on.
INLINE void load_numbers(float32x4_t *to, const void *m, int64_t at, const int is_bf16,
                         const int32_t n) {
    const float *whole = (const float *)m + at;
    const uint16_t *half = (const uint16_t *)m + at;
    int32_t k = 0;
    for (; is_bf16 && k + 2 <= n; k += 2) {
        uint16x8_t eight = vld1q_u16(half + 4 * k);
        to[k] = vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(eight), 16));
        to[k + 1] = vreinterpretq_f32_u32(vshll_high_n_u16(eight, 16));
    }
    for (; k < n; k++) {
        to[k] = is_bf16 ? vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(half + 4 * k), 16))
                        : vld1q_f32(whole + 4 * k);
    }
}

// out (4 n) = the columns from `start` on of weights (rows) @ m (rows, stride): bfloat16 in any
// order, fp32 as llama2.c.
INLINE void add_columns(float *out, const void *m, int64_t stride, const float *weights,
                        int32_t rows, int32_t start, const int is_bf16, const int32_t n) {
    float32x4_t sum[8];
    for (int32_t k = 0; k < n; k++) sum[k] = vdupq_n_f32(0.0f);
    for (int32_t i = 0; i < rows; i++) {
        float32x4_t b[8];
        load_numbers(b, m, i * stride + start, is_bf16, n);
        for (int32_t k = 0; k < n; k++) {
            sum[k] = is_bf16 ? vfmaq_n_f32(sum[k], b[k], weights[i])
                             : vaddq_f32(sum[k], vmulq_n_f32(b[k], weights[i]));
        }
    }
    for (int32_t k = 0; k < n; k++) vst1q_f32(out + start + 4 * k, sum[k]);
}

// out (columns) = weights (rows) @ m (rows, stride)
INLINE void add_rows(float *out, const void *m, int64_t stride, const float *weights, int32_t rows,
                     int32_t columns, const int is_bf16) {
    int32_t j = 0;
    for (; j + 32 <= columns; j += 32) add_columns(out, m, stride, weights, rows, j, is_bf16, 8);
    for (; j + 4 <= columns; j += smaller((columns - j) / 4, 4) * 4) {
        WITH_CONSTANT(smaller((columns - j) / 4, 4),
                      add_columns(out, m, stride, weights, rows, j, is_bf16, N))
    }
    if (j < columns && columns >= 4) {  // the last four, some of them once more
        add_columns(out, m, stride, weights, rows, columns - 4, is_bf16, 1);
        return;
    }
    for (; j < columns; j++) {
        float sum = 0.0f;
        for (int32_t i = 0; i < rows; i++) {
            const float *whole = (const float *)m + i * stride + j;
            const uint16_t *half = (const uint16_t *)m + i * stride + j;
            sum += weights[i] * (is_bf16 ? f32_of_bf16(*half) : *whole);
        }
        out[j] = sum;
    }
}

static void scores(float *out, const float *keys, int64_t stride, const float *query, int32_t size,
                   int32_t n) {
    add_rows(out, keys, stride, query, size, n, 0);
}

static void scores_bf16(float *out, const uint16_t *keys, int64_t stride, const float *query,
                        int32_t size, int32_t n) {
    add_rows(out, keys, stride, query, size, n, 1);
}

static void weighted_sum(float *out, const float *values, int64_t stride, const float *weights,
                         int32_t size, int32_t n) {
    add_rows(out, values, stride, weights, n, size, 0);
}

static void weighted_sum_bf16(float *out, const uint16_t *values, int64_t stride,
                              const float *weights, int32_t size, int32_t n) {
    add_rows(out, values, stride, weights, n, size, 1);
}

// e^x = 2^n e^r with |r| <= ln 2 / 2, of x up to 88.7, relative error below 2e-7; what is below -87
// counts as -87. NaN remains NaN.
INLINE float32x4_t exponential(float32x4_t x) {
    x = vmaxq_f32(x, vdupq_n_f32(-87.0f));
    float32x4_t n = vrndnq_f32(vmulq_n_f32(x, 1.44269504f));
    float32x4_t r = vfmsq_n_f32(x, n, 0.693359375f);  // ln 2 in two parts
    r = vfmsq_n_f32(r, n, -2.12194440e-4f);
    // (e^r - 1 - r) / r^2, the polynomial with the smallest error (Remez): 3e-9 of e^r
    float32x4_t q = vdupq_n_f32(0.001381447557f);
    q = vfmaq_f32(vdupq_n_f32(0.008368776302f), q, r);
    q = vfmaq_f32(vdupq_n_f32(0.04166839381f), q, r);
    q = vfmaq_f32(vdupq_n_f32(0.1666652014f), q, r);
    q = vfmaq_f32(vdupq_n_f32(0.4999999341f), q, r);
    q = vfmaq_f32(vaddq_f32(r, vdupq_n_f32(1.0f)), vmulq_f32(r, r), q);
    int32x4_t power = vshlq_n_s32(vcvtq_s32_f32(n), 23);
    return vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(q), power));
}

static void softmax(float *x, float scale, int32_t n) {
    float most = -INFINITY, sum = 0.0f;
    float32x4_t largest = vdupq_n_f32(-INFINITY), total = vdupq_n_f32(0.0f);
    int32_t whole = n / 4 * 4;
    for (int32_t i = 0; i < whole; i += 4) largest = vmaxnmq_f32(largest, vld1q_f32(x + i));
    most = vmaxnmvq_f32(largest);
    for (int32_t i = whole; i < n; i++) most = fmaxf(most, x[i]);
    for (int32_t i = 0; i < n; i += 4) {
        float32x4_t less = vsubq_f32(load_first(x + i, n - i), vdupq_n_f32(most));
        float32x4_t y = exponential(vmulq_n_f32(less, scale));
        uint32x4_t in = vandq_u32(vreinterpretq_u32_f32(y), first(n - i));
        total = vaddq_f32(total, vreinterpretq_f32_u32(in));
        store_first(x + i, y, n - i);
    }
    sum = 1.0f / vaddvq_f32(total);
    for (int32_t i = 0; i < whole; i += 4) vst1q_f32(x + i, vmulq_n_f32(vld1q_f32(x + i), sum));
    for (int32_t i = whole; i < n; i++) x[i] *= sum;
}

static void swiglu(float *gate, const float *up, int32_t n) {
    const float32x4_t one = vdupq_n_f32(1.0f);
    const float32x4_t most = vdupq_n_f32(88.7f);
    for (int32_t i = 0; i < n; i += 4) {
        float32x4_t x = load_first(gate + i, n - i);
        float32x4_t e = exponential(vminq_f32(vnegq_f32(x), most));
        uint32x4_t none = vcltq_f32(x, vnegq_f32(most));  // silu is below 3e-37: 0
        x = vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(x), none));
        float32x4_t silu = vdivq_f32(x, vaddq_f32(one, e));
        store_first(gate + i, vmulq_f32(silu, load_first(up + i, n - i)), n - i);
    }
}

static float sum_exp(const float *x, float most, float scale, int32_t n) {
    float32x4_t sum[2] = {vdupq_n_f32(0.0f), vdupq_n_f32(0.0f)};
    int32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        for (int32_t k = 0; k < 2; k++) {
            float32x4_t less = vsubq_f32(vld1q_f32(x + i + 4 * k), vdupq_n_f32(most));
            sum[k] = vaddq_f32(sum[k], exponential(vmulq_n_f32(less, scale)));
        }
    }
    for (; i < n; i += 4) {
        float32x4_t less = vsubq_f32(load_first(x + i, n - i), vdupq_n_f32(most));
        float32x4_t y = exponential(vmulq_n_f32(less, scale));
        uint32x4_t in = vandq_u32(vreinterpretq_u32_f32(y), first(n - i));
        sum[0] = vaddq_f32(sum[0], vreinterpretq_f32_u32(in));
    }
    return vaddvq_f32(vaddq_f32(sum[0], sum[1]));
}

#define SIMD_IN_COMMON                                                            \
    .quantise = quantise, .accumulate = accumulate, .dot = dot, .scores = scores, \
    .scores_bf16 = scores_bf16, .weighted_sum = weighted_sum,                     \
    .weighted_sum_bf16 = weighted_sum_bf16, .softmax = softmax, .swiglu = swiglu, \
    .bounds = simd_bounds, .sum_exp = sum_exp

const Simd simd_neon = {
    .name = "neon",
    .matmul_int8 = matmul_int8,
    .matmul_int4 = matmul_int4,
    .dot_int4 = dot_int4,
    SIMD_IN_COMMON,
};

#if SIMD_DOTPROD
const Simd simd_dotprod = {
    .name = "dotprod",
    .matmul_int8 = matmul_int8_dotprod,
    .matmul_int4 = matmul_int4_dotprod,
    .dot_int4 = dot_int4_dotprod,
    SIMD_IN_COMMON,
};
#endif

#endif
