// RISC-V vector kernels that multiply: the layers' planes and the 4-bit rows of the classifier.
#ifndef DUO_KERNELS_SIMD_RVV_MATRIX_H
#define DUO_KERNELS_SIMD_RVV_MATRIX_H

#include <math.h>
#include <riscv_vector.h>
#include <string.h>

#include "kernels/simd.h"

// Every lane of the registers that have to be read to the end, or the lanes of a tile, of half.
enum { LANES = TILE, HALF = TILE / 2 };

// x, of which gcc knows nothing. What it knows to be 1 it does not multiply with, and its additions
// of 16 bits to 32 are not in place, as its multiplications with an addition are. What it knows to
// be 0 it keeps in registers from one use to the next, which are more than there are.
static inline int32_t hidden(int32_t x) {
    __asm__ volatile("" : "+r"(x));
    return x;
}

static void quantise(QuantizedVector *to, const float *x, int32_t n) {
    for (int32_t group = 0; group < groups_of(n); group++) {
        int32_t start = group * GROUP, width = n - start < GROUP ? n - start : GROUP;
        float padded[GROUP];
        const float *from = x + start;
        if (width < GROUP) {
            memset(padded, 0, sizeof padded);
            from = memcpy(padded, from, (size_t)width * sizeof *x);
        }

        vfloat32m8_t all = __riscv_vle32_v_f32m8(from, LANES);
        vint32m1_t zero = __riscv_vmv_v_x_i32m1(hidden(0), 1);
        vfloat32m1_t most1 =
            __riscv_vfredmax(__riscv_vfabs(all, LANES), __riscv_vreinterpret_f32m1(zero), LANES);
        float most = __riscv_vfmv_f(most1);
        float steps = most > 0.0f ? 127.0f / most : 0.0f;
        if (!isfinite(steps)) steps = 0.0f;
        vint32m8_t value = __riscv_vfcvt_x(__riscv_vfmul(all, steps, LANES), LANES);
        vint16m4_t narrow = __riscv_vncvt_x(value, LANES);  // what is no number is -1 from here on
        vint32m1_t sum = __riscv_vwredsum(narrow, zero, LANES);
        // Not as a register: gcc's 0.7.1 takes a negative one for a large one.
        __riscv_vse32(to->sum + group, sum, 1);
        __riscv_vse8(to->value + start, __riscv_vncvt_x(narrow, LANES), LANES);
        to->scale[group] = most / 127.0f;
    }
}

// high (4, TILE) times four values, in two sums: 16 bits hold two products of 8 bits, and no more.
static inline void four_columns(vint16m4_t *even, vint16m4_t *odd, const int8_t *high,
                                const int8_t *value) {
    vint8m2_t column0 = __riscv_vle8_v_i8m2(high, LANES);
    vint8m2_t column1 = __riscv_vle8_v_i8m2(high + TILE, LANES);
    vint8m2_t column2 = __riscv_vle8_v_i8m2(high + 2 * TILE, LANES);
    vint8m2_t column3 = __riscv_vle8_v_i8m2(high + 3 * TILE, LANES);
    *even = __riscv_vwmul(column0, value[0], LANES);
    *odd = __riscv_vwmul(column1, value[1], LANES);
    *even = __riscv_vwmacc(*even, value[2], column2, LANES);
    *odd = __riscv_vwmacc(*odd, value[3], column3, LANES);
}

static void matmul_int8_tile(float *out, const IntMatrix *w, int32_t tile,
                             const QuantizedVector *x) {
    const int8_t *high = w->high + (int64_t)tile * w->groups * GROUP * TILE;
    const uint8_t *multiplier = w->multiplier + (int64_t)tile * w->groups * TILE;
    const int8_t *value = x->value;
    const int16_t one = (int16_t)hidden(1);
    vfloat32m8_t total = __riscv_vfmv_v_f_f32m8(0.0f, LANES);
    for (int32_t group = 0; group < w->groups; group++) {
        vint32m8_t sum = __riscv_vmv_v_x_i32m8(hidden(0), LANES);
#pragma GCC unroll 8
        for (int32_t i = 0; i < GROUP; i += 4) {
            vint16m4_t even, odd;
            four_columns(&even, &odd, high + i * TILE, value + i);
            sum = __riscv_vwmacc(sum, one, even, LANES);
            sum = __riscv_vwmacc(sum, one, odd, LANES);
        }
        vuint16m4_t times = __riscv_vwcvtu_x(__riscv_vle8_v_u8m2(multiplier, LANES), LANES);
        vuint32m8_t wide = __riscv_vwcvtu_x(times, LANES);
        sum = __riscv_vmul(sum, __riscv_vreinterpret_i32m8(wide), LANES);
        total = __riscv_vfmacc(total, x->scale[group], __riscv_vfcvt_f(sum, LANES), LANES);
        high += GROUP * TILE;
        multiplier += TILE;
        value += GROUP;
    }
    vfloat32m8_t scale = __riscv_vle32_v_f32m8(w->scale + tile * TILE, LANES);
    total = __riscv_vfmul(total, scale, LANES);
    __riscv_vse32(out + tile * TILE, total, LANES);
}

static void matmul_int8(float *out, int64_t stride, const IntMatrix *w, const QuantizedVector *x,
                        int32_t count) {
    for (int32_t tile = 0; tile < w->tiles; tile++) {
        for (int32_t t = 0; t < count; t++) matmul_int8_tile(out + t * stride, w, tile, x + t);
    }
}

enum {
    MAX_VECTORS = 5
};  // vectors whose sums, of half a tile, stay in registers with what they add

// sums (n, TILE) of half a tile, n from 1 to MAX_VECTORS
static inline __attribute__((always_inline)) void accumulate_lanes(float *sums, const float *plain,
                                                                   const float *x, int64_t x_stride,
                                                                   const int32_t n) {
    vfloat32m4_t sum0 = __riscv_vle32_v_f32m4(sums, HALF);
    vfloat32m4_t sum1 = sum0, sum2 = sum0, sum3 = sum0, sum4 = sum0;
    if (n > 1) sum1 = __riscv_vle32_v_f32m4(sums + 1 * TILE, HALF);
    if (n > 2) sum2 = __riscv_vle32_v_f32m4(sums + 2 * TILE, HALF);
    if (n > 3) sum3 = __riscv_vle32_v_f32m4(sums + 3 * TILE, HALF);
    if (n > 4) sum4 = __riscv_vle32_v_f32m4(sums + 4 * TILE, HALF);
#pragma GCC unroll 8
    for (int32_t i = 0; i < GROUP; i++, x++) {
        vfloat32m4_t w = __riscv_vle32_v_f32m4(plain + i * TILE, HALF);
        sum0 = __riscv_vfadd(sum0, __riscv_vfmul(w, x[0 * x_stride], HALF), HALF);
        if (n > 1) sum1 = __riscv_vfadd(sum1, __riscv_vfmul(w, x[1 * x_stride], HALF), HALF);
        if (n > 2) sum2 = __riscv_vfadd(sum2, __riscv_vfmul(w, x[2 * x_stride], HALF), HALF);
        if (n > 3) sum3 = __riscv_vfadd(sum3, __riscv_vfmul(w, x[3 * x_stride], HALF), HALF);
        if (n > 4) sum4 = __riscv_vfadd(sum4, __riscv_vfmul(w, x[4 * x_stride], HALF), HALF);
    }
    __riscv_vse32(sums, sum0, HALF);
    if (n > 1) __riscv_vse32(sums + 1 * TILE, sum1, HALF);
    if (n > 2) __riscv_vse32(sums + 2 * TILE, sum2, HALF);
    if (n > 3) __riscv_vse32(sums + 3 * TILE, sum3, HALF);
    if (n > 4) __riscv_vse32(sums + 4 * TILE, sum4, HALF);
}

static void accumulate(float *sums, const float *plain, const float *x, int64_t x_stride,
                       int32_t count) {
    int32_t shares = (count + MAX_VECTORS - 1) / MAX_VECTORS;
    for (int32_t half = 0; half < TILE; half += HALF) {
        for (int32_t share = 0, t = 0; share < shares; share++) {
            int32_t n = (count - t + shares - share - 1) / (shares - share);
            float *to = sums + t * TILE + half;
            const float *from = x + t * x_stride;
            switch (n) {
                case 1: accumulate_lanes(to, plain + half, from, x_stride, 1); break;
                case 2: accumulate_lanes(to, plain + half, from, x_stride, 2); break;
                case 3: accumulate_lanes(to, plain + half, from, x_stride, 3); break;
                case 4: accumulate_lanes(to, plain + half, from, x_stride, 4); break;
                default: accumulate_lanes(to, plain + half, from, x_stride, MAX_VECTORS);
            }
            t += n;
        }
    }
}

// Vectors whose sums stay in registers with the columns that are spread for them.
enum { MAX_INT4_VECTORS = 2 };

static inline __attribute__((always_inline)) vint16m4_t add_pair(vint16m4_t sum, vuint8m2_t even,
                                                                 vuint8m2_t odd,
                                                                 const int8_t *value) {
    sum = __riscv_vwmaccsu(sum, value[0], even, LANES);
    return __riscv_vwmaccsu(sum, value[1], odd, LANES);
}

static inline void add_group(float *out, vint16m4_t sum, float scale) {
    vfloat32m8_t total = __riscv_vle32_v_f32m8(out, LANES);
    total = __riscv_vfmacc(total, scale, __riscv_vfwcvt_f(sum, LANES), LANES);
    __riscv_vse32(out, total, LANES);
}

// out (n, stride) of a tile += one group of it times that of x (n), n from 1 to MAX_INT4_VECTORS. A
// group's sum is at most 32 * 8 * 127, which 16 bits hold. They may run over on the way there: it
// is undone before the end.
static inline __attribute__((always_inline)) void matmul_int4_group(float *out, int64_t stride,
                                                                    const uint8_t *coarse,
                                                                    int32_t group,
                                                                    const QuantizedVector *x,
                                                                    const int32_t n) {
    const int8_t *value0 = x[0].value + group * GROUP, *value1 = value0;
    vint16m4_t sum0 = __riscv_vmv_v_x_i16m4((int16_t)(-8 * x[0].sum[group]), LANES);
    vint16m4_t sum1 = sum0;
    if (n > 1) {
        value1 = x[1].value + group * GROUP;
        sum1 = __riscv_vmv_v_x_i16m4((int16_t)(-8 * x[1].sum[group]), LANES);
    }
#pragma GCC unroll 16
    for (int32_t i = 0; i < GROUP; i += 2) {
        vuint8m2_t pair = __riscv_vle8_v_u8m2(coarse + i / 2 * TILE, LANES);
        vuint8m2_t even = __riscv_vand(pair, 15, LANES), odd = __riscv_vsrl(pair, 4, LANES);
        sum0 = add_pair(sum0, even, odd, value0 + i);
        if (n > 1) sum1 = add_pair(sum1, even, odd, value1 + i);
    }
    add_group(out, sum0, x[0].scale[group]);
    if (n > 1) add_group(out + stride, sum1, x[1].scale[group]);
}

// Apart from the loops around them: together they are more than gcc's registers hold.
static __attribute__((noinline)) void matmul_int4_one(float *out, const uint8_t *coarse,
                                                      int32_t group, const QuantizedVector *x) {
    matmul_int4_group(out, 0, coarse, group, x, 1);
}

static __attribute__((noinline)) void matmul_int4_two(float *out, int64_t stride,
                                                      const uint8_t *coarse, int32_t group,
                                                      const QuantizedVector *x) {
    matmul_int4_group(out, stride, coarse, group, x, 2);
}

static void matmul_int4(float *out, int64_t stride, const uint8_t *coarse, int32_t tiles,
                        int32_t groups, const QuantizedVector *x, int32_t count) {
    int32_t shares = (count + MAX_INT4_VECTORS - 1) / MAX_INT4_VECTORS;
    for (int32_t tile = 0; tile < tiles; tile++, out += TILE) {
        for (int32_t t = 0; t < count; t++) memset(out + t * stride, 0, TILE * sizeof *out);
        for (int32_t group = 0; group < groups; group++, coarse += GROUP / 2 * TILE) {
            for (int32_t share = 0, t = 0; share < shares; share++) {
                int32_t n = (count - t + shares - share - 1) / (shares - share);
                float *to = out + t * stride;
                if (n == 1) matmul_int4_one(to, coarse, group, x + t);
                else matmul_int4_two(to, stride, coarse, group, x + t);
                t += n;
            }
        }
    }
}

static float dot_int4(const uint8_t *row, int32_t groups, const QuantizedVector *x) {
    const int8_t *value = x->value;
    vfloat32m4_t total = __riscv_vfmv_v_f_f32m4(0.0f, HALF);
    for (int32_t group = 0; group < groups; group++) {
        vuint8m1_t pair = __riscv_vle8_v_u8m1(row, HALF);
        vint8m1_t low = __riscv_vreinterpret_i8m1(__riscv_vand(pair, 15, HALF));
        vint8m1_t high = __riscv_vreinterpret_i8m1(__riscv_vsrl(pair, 4, HALF));
        vint16m2_t sum =
            __riscv_vwmul(__riscv_vadd(low, -8, HALF), __riscv_vle8_v_i8m1(value, HALF), HALF);
        sum = __riscv_vwmacc(sum, __riscv_vadd(high, -8, HALF),
                             __riscv_vle8_v_i8m1(value + HALF, HALF), HALF);
        total = __riscv_vfmacc(total, x->scale[group], __riscv_vfwcvt_f(sum, HALF), HALF);
        row += GROUP / 2;
        value += GROUP;
    }
    vfloat32m1_t zero = __riscv_vfmv_v_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f(__riscv_vfredusum(total, zero, HALF));
}

#endif
