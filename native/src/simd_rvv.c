// The kernels for RISC-V's vectors: 1.0, and 0.7.1, which the Duo's C906 has. One source for both,
// so nothing is used that either lacks: no sign or zero extension, no fraction of a register, no
// lanes kept beyond the vector length (0.7.1 clears them).
//
// On the C906 an instruction takes 2 cycles for each register of its result, however few lanes
// are asked for. So a tile's 32 rows fill the registers, and what has no 32 takes fewer registers.
#include "simd.h"

#if defined(__riscv_vector)
// gcc's scheduling before registers are given out makes loads early until registers run out.
#pragma GCC optimize("no-schedule-insns")
#include <math.h>
#include <riscv_vector.h>
#include <string.h>

// Every lane of the registers that have to be read to the end, or the lanes of a tile, of half.
enum { LANES = TILE, HALF = TILE / 2 };

// x, of which gcc knows nothing. What it knows to be 1 it does not multiply with, and its additions
// of 16 bits to 32 are not in place, as its multiplications with an addition are. What it knows to
// be 0 it keeps in registers from one use to the next, which are more than there are.
static inline int32_t hidden(int32_t x) {
    __asm__ volatile("" : "+r"(x));
    return x;
}

static inline float sum_of(vfloat32m8_t x, size_t lanes) {
    vfloat32m1_t zero = __riscv_vfmv_v_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f(__riscv_vfredusum(x, zero, lanes));
}

static void quantise(Activation *to, const float *x, int32_t n) {
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
        vfloat32m1_t most1 = __riscv_vfredmax(__riscv_vfabs(all, LANES),
                                              __riscv_vreinterpret_f32m1(zero), LANES);
        float most = __riscv_vfmv_f(most1);
        float steps = most > 0.0f ? 127.0f / most : 0.0f;
        if (!isfinite(steps)) steps = 0.0f;
        vint32m8_t value = __riscv_vfcvt_x(__riscv_vfmul(all, steps, LANES), LANES);
        vint32m1_t sum = __riscv_vredsum(value, zero, LANES);
        // Not as a register: gcc's 0.7.1 takes a negative one for a large one.
        __riscv_vse32(to->sum + group, sum, 1);
        vint16m4_t narrow = __riscv_vncvt_x(value, LANES);
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

static void draft_tile(float *out, const Matrix *w, int32_t tile, const Activation *x) {
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
    total = __riscv_vfmul(total, __riscv_vfmul(scale, 65536.0f, LANES), LANES);
    __riscv_vse32(out + tile * TILE, total, LANES);
}

static void draft(float *out, int64_t stride, const Matrix *w, const Activation *x, int32_t count) {
    for (int32_t tile = 0; tile < w->tiles; tile++) {
        for (int32_t t = 0; t < count; t++) draft_tile(out + t * stride, w, tile, x + t);
    }
}

// A column at a time. 65536 * upper + low is a float exactly (matrix.h), so one addition after a
// multiplication that is not rounded gives it.
static void unpack(float *plain, const Matrix *w, int64_t block) {
    const int8_t *high = w->high + block * BLOCK, *middle = w->middle + block * BLOCK;
    const uint16_t *low = w->low + block * BLOCK;
    vuint8m2_t times = __riscv_vle8_v_u8m2(w->multiplier + block * TILE, LANES);
    const int8_t one = (int8_t)hidden(1);
#pragma GCC unroll 2
    for (int32_t i = 0; i < BLOCK; i += TILE) {
        vint16m4_t upper = __riscv_vwmulsu(__riscv_vle8_v_i8m2(high + i, LANES), times, LANES);
        upper = __riscv_vwmacc(upper, one, __riscv_vle8_v_i8m2(middle + i, LANES), LANES);
        vfloat32m8_t weight = __riscv_vfwcvt_f(__riscv_vle16_v_u16m4(low + i, LANES), LANES);
        weight = __riscv_vfmacc(weight, 65536.0f, __riscv_vfwcvt_f(upper, LANES), LANES);
        __riscv_vse32(plain + i, weight, LANES);
    }
}

enum { MOST = 5 };  // vectors whose sums, of half a tile, stay in registers with what they add

// sums (n, TILE) of half a tile, n from 1 to MOST
static inline __attribute__((always_inline)) void accumulate_half(float *sums, const float *plain,
                                                                  const float *x, int64_t x_stride,
                                                                  const int32_t n) {
    vfloat32m4_t sum0 = __riscv_vle32_v_f32m4(sums, HALF);
    vfloat32m4_t sum1 = sum0, sum2 = sum0, sum3 = sum0, sum4 = sum0;
    if (n > 1) sum1 = __riscv_vle32_v_f32m4(sums + 1 * TILE, HALF);
    if (n > 2) sum2 = __riscv_vle32_v_f32m4(sums + 2 * TILE, HALF);
    if (n > 3) sum3 = __riscv_vle32_v_f32m4(sums + 3 * TILE, HALF);
    if (n > 4) sum4 = __riscv_vle32_v_f32m4(sums + 4 * TILE, HALF);
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
    int32_t shares = (count + MOST - 1) / MOST;
    for (int32_t half = 0; half < TILE; half += HALF) {
        for (int32_t share = 0, t = 0; share < shares; share++) {
            int32_t n = (count - t + shares - share - 1) / (shares - share);
            float *to = sums + t * TILE + half;
            const float *from = x + t * x_stride;
            switch (n) {
            case 1: accumulate_half(to, plain + half, from, x_stride, 1); break;
            case 2: accumulate_half(to, plain + half, from, x_stride, 2); break;
            case 3: accumulate_half(to, plain + half, from, x_stride, 3); break;
            case 4: accumulate_half(to, plain + half, from, x_stride, 4); break;
            default: accumulate_half(to, plain + half, from, x_stride, MOST);
            }
            t += n;
        }
    }
}

// Vectors whose sums stay in registers with the columns that are spread for them.
enum { MOST_SCREEN = 2 };

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

// out (n, stride) of a tile += one group of it times that of x (n), n from 1 to MOST_SCREEN. A
// group's sum is at most 32 * 8 * 127, which 16 bits hold. They may run over on the way there: it
// is undone before the end.
static inline __attribute__((always_inline)) void screen_group(float *out, int64_t stride,
                                                               const uint8_t *coarse, int32_t group,
                                                               const Activation *x,
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
static __attribute__((noinline)) void screen_one(float *out, const uint8_t *coarse, int32_t group,
                                                 const Activation *x) {
    screen_group(out, 0, coarse, group, x, 1);
}

static __attribute__((noinline)) void screen_two(float *out, int64_t stride, const uint8_t *coarse,
                                                 int32_t group, const Activation *x) {
    screen_group(out, stride, coarse, group, x, 2);
}

static void screen(float *out, int64_t stride, const uint8_t *coarse, int32_t tiles,
                   int32_t groups, const Activation *x, int32_t count) {
    int32_t shares = (count + MOST_SCREEN - 1) / MOST_SCREEN;
    for (int32_t tile = 0; tile < tiles; tile++, out += TILE) {
        for (int32_t t = 0; t < count; t++) memset(out + t * stride, 0, TILE * sizeof *out);
        for (int32_t group = 0; group < groups; group++, coarse += GROUP / 2 * TILE) {
            for (int32_t share = 0, t = 0; share < shares; share++) {
                int32_t n = (count - t + shares - share - 1) / (shares - share);
                float *to = out + t * stride;
                if (n == 1) screen_one(to, coarse, group, x + t);
                else screen_two(to, stride, coarse, group, x + t);
                t += n;
            }
        }
    }
}

static float refine(const uint8_t *row, int32_t groups, const Activation *x) {
    const int8_t *value = x->value;
    vfloat32m4_t total = __riscv_vfmv_v_f_f32m4(0.0f, HALF);
    for (int32_t group = 0; group < groups; group++) {
        vuint8m1_t pair = __riscv_vle8_v_u8m1(row, HALF);
        vint8m1_t low = __riscv_vreinterpret_i8m1(__riscv_vand(pair, 15, HALF));
        vint8m1_t high = __riscv_vreinterpret_i8m1(__riscv_vsrl(pair, 4, HALF));
        vint16m2_t sum = __riscv_vwmul(__riscv_vadd(low, -8, HALF),
                                       __riscv_vle8_v_i8m1(value, HALF), HALF);
        sum = __riscv_vwmacc(sum, __riscv_vadd(high, -8, HALF),
                             __riscv_vle8_v_i8m1(value + HALF, HALF), HALF);
        total = __riscv_vfmacc(total, x->scale[group], __riscv_vfwcvt_f(sum, HALF), HALF);
        row += GROUP / 2;
        value += GROUP;
    }
    vfloat32m1_t zero = __riscv_vfmv_v_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f(__riscv_vfredusum(total, zero, HALF));
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

// out (width) = weights (n) @ rows (n, stride), as llama2.c: what scores and mix both are.
static void weigh(float *out, const float *rows, int64_t stride, const float *weights, int32_t n,
                  int32_t width) {
    for (; width > HALF; width -= LANES, out += LANES, rows += LANES) {
        size_t lanes = (size_t)(width < LANES ? width : LANES);
        const float *row = rows;
        vfloat32m8_t sum = __riscv_vfmv_v_f_f32m8(0.0f, lanes);
#pragma GCC unroll 4
        for (int32_t i = 0; i < n; i++, row += stride) {
            vfloat32m8_t product = __riscv_vfmul(__riscv_vle32_v_f32m8(row, lanes), weights[i], lanes);
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

// The same by halves. They are read in pairs, each as one integer, and become floats without
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

static void scores_half(float *out, const uint16_t *keys, int64_t stride, const float *query,
                        int32_t size, int32_t n) {
    weigh_half(out, keys, stride, query, size, n);
}

static void mix(float *out, const float *values, int64_t stride, const float *weights,
                int32_t size, int32_t n) {
    weigh(out, values, stride, weights, n, size);
}

static void mix_half(float *out, const uint16_t *values, int64_t stride, const float *weights,
                     int32_t size, int32_t n) {
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
        __riscv_vse32(x + i, __riscv_vfmul(__riscv_vle32_v_f32m8(x + i, lanes), share, lanes), lanes);
    }
}

static void swiglu(float *gate, const float *up, int32_t n) {
    for (int32_t i = 0; i < n; i += HALF) {
        size_t lanes = (size_t)(n - i < HALF ? n - i : HALF);
        vfloat32m4_t g = __riscv_vle32_v_f32m4(gate + i, lanes);
        vfloat32m4_t e = exponential(__riscv_vfmin(__riscv_vfneg(g, lanes), 88.0f, lanes), lanes);
        g = __riscv_vfdiv(g, __riscv_vfadd(e, 1.0f, lanes), lanes);
        g = __riscv_vfmul(g, __riscv_vle32_v_f32m4(up + i, lanes), lanes);
        __riscv_vse32(gate + i, g, lanes);
    }
}

static float bounds(float *value, float *upper, float *peak, const float *scale, const float *error,
                    float times, float length, float rounding, int32_t n) {
    vfloat32m1_t most = __riscv_vfmv_v_f_f32m1(-INFINITY, 1);
    for (int32_t i = 0; i < n; i += LANES) {
        size_t lanes = (size_t)(n - i < LANES ? n - i : LANES);
        vfloat32m8_t wide = __riscv_vfmul(__riscv_vle32_v_f32m8(error + i, lanes), length, lanes);
        wide = __riscv_vfadd(wide, rounding, lanes);
        vfloat32m8_t v = __riscv_vfmul(__riscv_vle32_v_f32m8(scale + i, lanes), times, lanes);
        v = __riscv_vfmul(v, __riscv_vle32_v_f32m8(value + i, lanes), lanes);
        __riscv_vse32(value + i, v, lanes);
        vfloat32m1_t none = __riscv_vfmv_v_f_f32m1(-INFINITY, 1);
        vfloat32m8_t above = __riscv_vfadd(v, wide, lanes);
        __riscv_vse32(upper + i, above, lanes);
        peak[i / LANES] = __riscv_vfmv_f(__riscv_vfredmax(above, none, lanes));
        most = __riscv_vfredmax(__riscv_vfsub(v, wide, lanes), most, lanes);
    }
    return __riscv_vfmv_f(most);
}

static float mass(const float *x, float most, float scale, int32_t n) {
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
    .draft = draft,
    .unpack = unpack,
    .accumulate = accumulate,
    .screen = screen,
    .refine = refine,
    .dot = dot,
    .scores = scores,
    .scores_half = scores_half,
    .mix = mix,
    .mix_half = mix_half,
    .softmax = softmax,
    .swiglu = swiglu,
    .bounds = bounds,
    .mass = mass,
};
#endif
