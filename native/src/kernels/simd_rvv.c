// Kernels for RISC-V vectors: 1.0, and 0.7.1, which the Duo's C906 has. One source for both, so
// nothing is used that either lacks: no sign or zero extension, no fraction of a register, no
// lanes kept beyond the vector length (0.7.1 clears them).
//
// On the C906 an instruction takes 2 cycles for each register of its result, however few lanes
// are asked for. So a tile's 32 rows fill the registers, and what has no 32 takes fewer registers.
#include "kernels/simd.h"

#if defined(__riscv_vector)
// gcc's scheduling before registers are given out makes loads early until registers run out.
#pragma GCC optimize("no-schedule-insns")
#include "kernels/simd_rvv_matrix.h"

static inline float sum_of(vfloat32m8_t x, size_t lanes) {
    vfloat32m1_t zero = __riscv_vfmv_v_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f(__riscv_vfredusum(x, zero, lanes));
}

static float dot(const float *a, const float *b, int32_t n) {
    vfloat32m8_t total = __riscv_vfmv_v_f_f32m8(0.0f, LANES);
    int32_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vfloat32m8_t left = __riscv_vle32_v_f32m8(a + i, LANES);
        total = __riscv_vfmacc(total, left, __riscv_vle32_v_f32m8(b + i, LANES), LANES);
    }
    float sum = sum_of(total, LANES);
    for (; i < n; i++) sum += a[i] * b[i];
    return sum;
}

// out (width) = weights (n) @ rows (n, stride), as llama2.c: both scores and weighted_sum.
static void weigh(float *out, const float *rows, int64_t stride, const float *weights, int32_t n,
                  int32_t width) {
    for (; width > HALF; width -= LANES, out += LANES, rows += LANES) {
        size_t lanes = (size_t)(width < LANES ? width : LANES);
        const float *row = rows;
        vfloat32m8_t sum = __riscv_vfmv_v_f_f32m8(0.0f, lanes);
#pragma GCC unroll 4
        for (int32_t i = 0; i < n; i++, row += stride) {
            vfloat32m8_t product =
                __riscv_vfmul(__riscv_vle32_v_f32m8(row, lanes), weights[i], lanes);
            sum = __riscv_vfadd(sum, product, lanes);
        }
        __riscv_vse32(out, sum, lanes);
    }
    if (width <= 0) return;
    size_t lanes = (size_t)width;
    vfloat32m4_t sum = __riscv_vfmv_v_f_f32m4(0.0f, lanes);
#pragma GCC unroll 4
    for (int32_t i = 0; i < n; i++, rows += stride) {
        vfloat32m4_t product = __riscv_vfmul(__riscv_vle32_v_f32m4(rows, lanes), weights[i], lanes);
        sum = __riscv_vfadd(sum, product, lanes);
    }
    __riscv_vse32(out, sum, lanes);
}

// The same for bfloat16. They are read in pairs, each as one integer, and become floats without
// growing: the even one is its lower half, the odd one its upper. stride is even, so the last pair
// of an odd width is still within its row.
static void weigh_half(float *out, const uint16_t *rows, int64_t stride, const float *weights,
                       int32_t n, int32_t width) {
    for (; width > HALF; width -= LANES, out += LANES, rows += LANES) {
        size_t pairs = (size_t)(width < LANES ? width + 1 : LANES) / 2;
        const uint16_t *row = rows;
        vfloat32m4_t even = __riscv_vfmv_v_f_f32m4(0.0f, pairs), odd = even;
#pragma GCC unroll 4
        for (int32_t i = 0; i < n; i++, row += stride) {
            vuint32m4_t pair = __riscv_vle32_v_u32m4((const void *)row, pairs);
            vuint32m4_t lower = __riscv_vsll(pair, 16, pairs);
            vuint32m4_t upper = __riscv_vand(pair, 0xffff0000, pairs);
            even = __riscv_vfmacc(even, weights[i], __riscv_vreinterpret_f32m4(lower), pairs);
            odd = __riscv_vfmacc(odd, weights[i], __riscv_vreinterpret_f32m4(upper), pairs);
        }
        size_t odds = (size_t)(width < LANES ? width : LANES) / 2;
        __riscv_vsse32(out, 2 * sizeof *out, even, pairs);
        __riscv_vsse32(out + 1, 2 * sizeof *out, odd, odds);
    }
    if (width <= 0) return;
    size_t pairs = (size_t)(width + 1) / 2, odds = (size_t)width / 2;
    vfloat32m2_t even = __riscv_vfmv_v_f_f32m2(0.0f, pairs), odd = even;
#pragma GCC unroll 4
    for (int32_t i = 0; i < n; i++, rows += stride) {
        vuint32m2_t pair = __riscv_vle32_v_u32m2((const void *)rows, pairs);
        vuint32m2_t lower = __riscv_vsll(pair, 16, pairs);
        vuint32m2_t upper = __riscv_vand(pair, 0xffff0000, pairs);
        even = __riscv_vfmacc(even, weights[i], __riscv_vreinterpret_f32m2(lower), pairs);
        odd = __riscv_vfmacc(odd, weights[i], __riscv_vreinterpret_f32m2(upper), pairs);
    }
    __riscv_vsse32(out, 2 * sizeof *out, even, pairs);
    if (odds > 0) __riscv_vsse32(out + 1, 2 * sizeof *out, odd, odds);
}

static void scores(float *out, const float *keys, int64_t stride, const float *query, int32_t size,
                   int32_t n) {
    weigh(out, keys, stride, query, size, n);
}

static void scores_bf16(float *out, const uint16_t *keys, int64_t stride, const float *query,
                        int32_t size, int32_t n) {
    weigh_half(out, keys, stride, query, size, n);
}

static void weighted_sum(float *out, const float *values, int64_t stride, const float *weights,
                         int32_t size, int32_t n) {
    weigh(out, values, stride, weights, n, size);
}

static void weighted_sum_bf16(float *out, const uint16_t *values, int64_t stride,
                              const float *weights, int32_t size, int32_t n) {
    weigh_half(out, values, stride, weights, n, size);
}

// exp(x) of x up to 88, to 2 in 10^7; what is below -87 counts as -87. As 2^k * exp(z) with a whole
// k and z within ln(2) / 2 of 0.
static inline vfloat32m4_t exponential(vfloat32m4_t x, size_t lanes) {
    x = __riscv_vfmax(x, -87.0f, lanes);
    vint32m4_t k = __riscv_vfcvt_x(__riscv_vfmul(x, 1.44269504f, lanes), lanes);
    vfloat32m4_t whole = __riscv_vfcvt_f(k, lanes);
    vfloat32m4_t z = __riscv_vfnmsac(x, 0.693147182f, whole, lanes);
    z = __riscv_vfnmsac(z, -1.90465429e-9f, whole, lanes);
    vfloat32m4_t square = __riscv_vfmul(z, z, lanes);
    vfloat32m4_t upper = __riscv_vfmul(z, 8.36874514e-3f, lanes);
    upper = __riscv_vfadd(upper, 4.16683908e-2f, lanes);
    upper = __riscv_vfmacc(upper, 1.38145401e-3f, square, lanes);
    vfloat32m4_t lower = __riscv_vfmul(z, 1.66665204e-1f, lanes);
    lower = __riscv_vfadd(lower, 4.99999934e-1f, lanes);
    lower = __riscv_vfmacc(lower, upper, square, lanes);
    vfloat32m4_t power = __riscv_vfmacc(__riscv_vfadd(z, 1.0f, lanes), lower, square, lanes);
    vint32m4_t bits = __riscv_vreinterpret_i32m4(power);
    return __riscv_vreinterpret_f32m4(__riscv_vadd(bits, __riscv_vsll(k, 23, lanes), lanes));
}

static void softmax(float *x, float scale, int32_t n) {
    vfloat32m1_t most = __riscv_vfmv_v_f_f32m1(-INFINITY, 1);
    for (int32_t i = 0; i < n; i += LANES) {
        size_t lanes = (size_t)(n - i < LANES ? n - i : LANES);
        most = __riscv_vfredmax(__riscv_vle32_v_f32m8(x + i, lanes), most, lanes);
    }
    float top = __riscv_vfmv_f(most);
    vfloat32m1_t sum = __riscv_vfmv_v_f_f32m1(0.0f, 1);
    for (int32_t i = 0; i < n; i += HALF) {
        size_t lanes = (size_t)(n - i < HALF ? n - i : HALF);
        vfloat32m4_t below = __riscv_vfsub(__riscv_vle32_v_f32m4(x + i, lanes), top, lanes);
        vfloat32m4_t e = exponential(__riscv_vfmul(below, scale, lanes), lanes);
        __riscv_vse32(x + i, e, lanes);
        sum = __riscv_vfredusum(e, sum, lanes);
    }
    float share = 1.0f / __riscv_vfmv_f(sum);
    for (int32_t i = 0; i < n; i += LANES) {
        size_t lanes = (size_t)(n - i < LANES ? n - i : LANES);
        __riscv_vse32(x + i, __riscv_vfmul(__riscv_vle32_v_f32m8(x + i, lanes), share, lanes),
                      lanes);
    }
}

static void swiglu(float *gate, const float *up, int32_t n) {
    for (int32_t i = 0; i < n; i += HALF) {
        size_t lanes = (size_t)(n - i < HALF ? n - i : HALF);
        vfloat32m4_t g = __riscv_vle32_v_f32m4(gate + i, lanes);
        vfloat32m4_t e = exponential(__riscv_vfmin(__riscv_vfneg(g, lanes), 88.0f, lanes), lanes);
        g = __riscv_vfmerge(g, 0.0f, __riscv_vmflt(g, -88.0f, lanes), lanes);
        g = __riscv_vfdiv(g, __riscv_vfadd(e, 1.0f, lanes), lanes);
        g = __riscv_vfmul(g, __riscv_vle32_v_f32m4(up + i, lanes), lanes);
        __riscv_vse32(gate + i, g, lanes);
    }
}

static float bounds(float *value, float *upper, float *peak, const Bounds *by, int32_t n) {
    vfloat32m1_t most = __riscv_vfmv_v_f_f32m1(-INFINITY, 1);
    for (int32_t i = 0; i < n; i += LANES) {
        size_t lanes = (size_t)(n - i < LANES ? n - i : LANES);
        vfloat32m8_t wide =
            __riscv_vfmul(__riscv_vle32_v_f32m8(by->error + i, lanes), by->length, lanes);
        wide = __riscv_vfadd(wide, by->rounding, lanes);
        vfloat32m8_t v =
            __riscv_vfmul(__riscv_vle32_v_f32m8(by->scale + i, lanes), by->times, lanes);
        v = __riscv_vfmul(v, __riscv_vle32_v_f32m8(value + i, lanes), lanes);
        v = __riscv_vfadd(v, by->base[by->base_of[i / LANES]], lanes);
        __riscv_vse32(value + i, v, lanes);
        vfloat32m1_t none = __riscv_vfmv_v_f_f32m1(-INFINITY, 1);
        vfloat32m8_t above = __riscv_vfadd(v, wide, lanes);
        __riscv_vse32(upper + i, above, lanes);
        peak[i / LANES] = __riscv_vfmv_f(__riscv_vfredmax(above, none, lanes));
        most = __riscv_vfredmax(__riscv_vfsub(v, wide, lanes), most, lanes);
    }
    return __riscv_vfmv_f(most);
}

static float sum_exp(const float *x, float most, float scale, int32_t n) {
    vfloat32m4_t total = __riscv_vfmv_v_f_f32m4(0.0f, HALF);
    int32_t i = 0;
    for (; i + HALF <= n; i += HALF) {
        vfloat32m4_t below = __riscv_vfsub(__riscv_vle32_v_f32m4(x + i, HALF), most, HALF);
        below = __riscv_vfmul(below, scale, HALF);
        total = __riscv_vfadd(total, exponential(below, HALF), HALF);
    }
    vfloat32m1_t sum = __riscv_vfmv_v_f_f32m1(0.0f, 1);
    sum = __riscv_vfredusum(total, sum, HALF);
    if (i < n) {
        size_t lanes = (size_t)(n - i);
        vfloat32m4_t below = __riscv_vfsub(__riscv_vle32_v_f32m4(x + i, lanes), most, lanes);
        below = __riscv_vfmul(below, scale, lanes);
        sum = __riscv_vfredusum(exponential(below, lanes), sum, lanes);
    }
    return __riscv_vfmv_f(sum);
}

const Simd simd_rvv = {
    .name = "rvv",
    .quantise = quantise,
    .matmul_int8 = matmul_int8,
    .accumulate = accumulate,
    .matmul_int4 = matmul_int4,
    .dot_int4 = dot_int4,
    .dot = dot,
    .scores = scores,
    .scores_bf16 = scores_bf16,
    .weighted_sum = weighted_sum,
    .weighted_sum_bf16 = weighted_sum_bf16,
    .softmax = softmax,
    .swiglu = swiglu,
    .bounds = bounds,
    .sum_exp = sum_exp,
};
#endif
