// The kernels of the modes exact and fast, one table of functions for each instruction set; the
// table is chosen at run time. Rows are multiplied side by side. A kernel marked "as llama2.c"
// rounds and adds in run.c's order, bit for bit; the others may add in any order (mode fast,
// drafts, bounds).
#ifndef DUO_KERNELS_SIMD_H
#define DUO_KERNELS_SIMD_H

#include <stdint.h>

#include "kernels/int_matrix.h"

// Error bounds of the products of quantised rows with x.
typedef struct {
    const float *scale;      // of each row
    const float *error;      // of each row: the norm of its quantisation error
    const float *base;       // offsets: the products of the anchors with x
    const uint8_t *base_of;  // the offset's index, for each TILE
    float times;             // factor of all scales
    float length;            // norm of x
    float rounding;          // added to the error of every row
} Bounds;

typedef struct {
    const char *name;

    // x (n) in int8; `to` is 0 from n to the end of its group.
    void (*quantise)(QuantizedVector *to, const float *x, int32_t n);

    // out (count, stride) = w @ x for `count` vectors, from the int8 plane alone.
    // stride is at least w's tiles * TILE: rows that are only padding are written too.
    void (*matmul_int8)(float *out, int64_t stride, const IntMatrix *w, const QuantizedVector *x,
                        int32_t count);

    // sums (count, TILE) += plain (GROUP, TILE) times GROUP numbers of each x (count, x_stride).
    // As llama2.c: column after column, each product rounded and then added.
    void (*accumulate)(float *sums, const float *plain, const float *x, int64_t x_stride,
                       int32_t count);

    // out (count, stride) = coarse @ x, before the rows' scales. coarse is (tiles, groups * 16,
    // TILE): two columns in each byte, the even one in its low half, both plus 8.
    void (*matmul_int4)(float *out, int64_t stride, const uint8_t *coarse, int32_t tiles,
                        int32_t groups, const QuantizedVector *x, int32_t count);

    // The product of one row of (groups, 16) bytes with x: columns 0 to 15 of a group in the low
    // halves of its bytes, 16 to 31 in the high ones, all plus 8.
    float (*dot_int4)(const uint8_t *row, int32_t groups, const QuantizedVector *x);

    // a (n) . b (n)
    float (*dot)(const float *a, const float *b, int32_t n);

    // out (n) = query (size) @ keys (size, stride): one head's keys, a column for each position.
    // In fp32 as llama2.c, from the first number of the query to the last.
    void (*scores)(float *out, const float *keys, int64_t stride, const float *query, int32_t size,
                   int32_t n);
    void (*scores_bf16)(float *out, const uint16_t *keys, int64_t stride, const float *query,
                        int32_t size, int32_t n);

    // out (size) = weights (n) @ values (n, stride): one head's values, a row for each position.
    // In fp32 as llama2.c, from the first position to the last.
    void (*weighted_sum)(float *out, const float *values, int64_t stride, const float *weights,
                         int32_t size, int32_t n);
    void (*weighted_sum_bf16)(float *out, const uint16_t *values, int64_t stride,
                              const float *weights, int32_t size, int32_t n);

    // x (n) in place: exp(x * scale - the largest), divided by their sum.
    void (*softmax)(float *x, float scale, int32_t n);

    // gate (n) = silu(gate) * up (n)
    void (*swiglu)(float *gate, const float *up, int32_t n);

    // value (n) = times * scale * value + base, upper (n) = that + error * length + rounding, and
    // peak the largest upper of each TILE. Returns the largest value less its error.
    float (*bounds)(float *value, float *upper, float *peak, const Bounds *by, int32_t n);

    // The sum of exp((x - most) * scale) over x (n), none of them larger than most, to 1 in 5000.
    float (*sum_exp)(const float *x, float most, float scale, int32_t n);
} Simd;

// The best set that runs here, or the one called `name`; NULL where this computer has no such set.
const Simd *simd_choose(const char *name);

// The names of all sets that run here, the best first; NULL after the last.
const char *const *simd_names(void);

// bfloat16, rounded to nearest even: halves the memory of the KV cache.
static inline uint16_t bf16_of_f32(float x) {
    union {
        float number;
        uint32_t bits;
    } u = {x};
    return (uint16_t)((u.bits + 0x7fff + (u.bits >> 16 & 1)) >> 16);
}

static inline float f32_of_bf16(uint16_t bf16) {
    union {
        uint32_t bits;
        float number;
    } u = {(uint32_t)bf16 << 16};
    return u.number;
}

// Whether this compiler has the set `dotprod` of AArch64: gcc always does, clang since version 16.
#if defined(__ARM_FEATURE_DOTPROD) || !defined(__clang__) || __clang_major__ >= 16
#define SIMD_DOTPROD 1
#else
#define SIMD_DOTPROD 0
#endif

// Portable C. Sets without a faster `bounds` use simd_bounds().
extern const Simd simd_scalar;
float simd_bounds(float *value, float *upper, float *peak, const Bounds *by, int32_t n);

#endif
