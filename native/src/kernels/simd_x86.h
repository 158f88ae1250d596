// Shared by the sets of x86-64: kernels on registers of 32 bytes, compiled once for each set. The
// set defines, before it includes this, HERE: the target attribute of a function; and REGISTERS:
// how many registers of 32 bytes there are.
#ifndef DUO_KERNELS_SIMD_X86_H
#define DUO_KERNELS_SIMD_X86_H

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "kernels/simd.h"

#define INLINE HERE __attribute__((always_inline)) static inline

enum {
    MAX_VECTORS = 5,  // vectors at once
    WIDE = 4,         // registers of columns at once, where rows are added
};

// `call` with N = n as a constant, so that what has N elements stays in registers.
#define WITH_CONSTANT(n, call)        \
    switch (n) {                      \
        case 1: {                     \
            enum { N = 1 };           \
            call;                     \
        } break;                      \
        case 2: {                     \
            enum { N = 2 };           \
            call;                     \
        } break;                      \
        case 3: {                     \
            enum { N = 3 };           \
            call;                     \
        } break;                      \
        case 4: {                     \
            enum { N = 4 };           \
            call;                     \
        } break;                      \
        default: {                    \
            enum { N = MAX_VECTORS }; \
            call;                     \
        }                             \
    }

static inline int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

INLINE __m128i load16(const void *p) { return _mm_loadu_si128(p); }
INLINE __m256i load32(const void *p) { return _mm256_loadu_si256(p); }

// Four bytes in every dword.
INLINE int32_t dword(const void *p) {
    int32_t bytes;
    memcpy(&bytes, p, sizeof bytes);
    return bytes;
}

// The first n of eight floats, all where there are more.
INLINE __m256i first(int32_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE __m256 load_first(const float *p, int32_t n) { return _mm256_maskload_ps(p, first(n)); }
INLINE void store_first(float *p, __m256 x, int32_t n) {
    if (n >= 8) {
        _mm256_storeu_ps(p, x);  // a masked store takes AMD's processors many times as long
    } else {
        _mm256_maskstore_ps(p, first(n), x);
    }
}

INLINE float sum_of(__m256 x) {
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

INLINE float largest_of(__m256 x) {
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

HERE static void quantise(QuantizedVector *to, const float *x, int32_t n) {
    for (int32_t group = 0; group < groups_of(n); group++) {
        int32_t start = group * GROUP;
        __m256 part[4], most = _mm256_setzero_ps();
        for (int32_t k = 0; k < 4; k++) {
            int32_t at = start + 8 * k;
            part[k] = at < n ? load_first(x + at, n - at) : _mm256_setzero_ps();
            // max's second operand is the result where one is NaN
            most = _mm256_max_ps(_mm256_andnot_ps(_mm256_set1_ps(-0.0f), part[k]), most);
        }
        float peak = largest_of(most), steps = peak > 0.0f ? 127.0f / peak : 0.0f;
        if (!isfinite(steps)) steps = 0.0f;
        __m256i value[4];
        for (int32_t k = 0; k < 4; k++) {
            __m256 scaled = _mm256_mul_ps(part[k], _mm256_set1_ps(steps));
            __m256 is_number = _mm256_cmp_ps(scaled, scaled, _CMP_ORD_Q);
            value[k] = _mm256_cvtps_epi32(_mm256_and_ps(scaled, is_number));
        }
        __m256i low = _mm256_packs_epi32(value[0], value[1]);
        __m256i high = _mm256_packs_epi32(value[2], value[3]);
        __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
        __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), order);
        __m256i sums = _mm256_madd_epi16(_mm256_add_epi16(low, high), _mm256_set1_epi16(1));
        _mm256_storeu_si256((void *)(to->value + start), bytes);
        to->sum[group] = (int32_t)sum_of(_mm256_cvtepi32_ps(sums));
        to->scale[group] = peak / 127.0f;
    }
}

// Eight multipliers: the four bytes from `low` on of a register's lower half, the four from `high`
// on of its upper half.
INLINE __m256 multipliers(__m256i bytes, int32_t low, int32_t high) {
    const int32_t zero = (int32_t)0x80808000;  // what a shuffle takes for no byte at all
    __m256i pick =
        _mm256_setr_epi32(low, low + 1, low + 2, low + 3, high, high + 1, high + 2, high + 3);
    pick = _mm256_or_si256(pick, _mm256_set1_epi32(zero));
    return _mm256_cvtepi32_ps(_mm256_shuffle_epi8(bytes, pick));
}

// `n` vectors with 8 * `parts` rows.
INLINE void accumulate_rows(float *sums, const float *plain, const float *x, int64_t x_stride,
                            const int32_t n, const int32_t parts) {
    __m256 sum[MAX_VECTORS][4];
    for (int32_t t = 0; t < n; t++) {
        for (int32_t k = 0; k < parts; k++) sum[t][k] = _mm256_loadu_ps(sums + t * TILE + 8 * k);
    }
    for (int32_t i = 0; i < GROUP; i++) {
        __m256 w[4];
        for (int32_t k = 0; k < parts; k++) w[k] = _mm256_loadu_ps(plain + i * TILE + 8 * k);
        for (int32_t t = 0; t < n; t++) {
            __m256 v = _mm256_set1_ps(x[t * x_stride + i]);
            for (int32_t k = 0; k < parts; k++) {
                sum[t][k] = _mm256_add_ps(sum[t][k], _mm256_mul_ps(w[k], v));
            }
        }
    }
    for (int32_t t = 0; t < n; t++) {
        for (int32_t k = 0; k < parts; k++) _mm256_storeu_ps(sums + t * TILE + 8 * k, sum[t][k]);
    }
}

// A whole tile at once where there are registers for its sums, else one half after the other.
HERE static void accumulate(float *sums, const float *plain, const float *x, int64_t x_stride,
                            int32_t count) {
    for (int32_t t = 0; t < count; t += MAX_VECTORS) {
        float *to = sums + t * TILE;
        const float *from = x + t * x_stride;
        WITH_CONSTANT(smaller(count - t, MAX_VECTORS), {
            if (N <= 2 || REGISTERS > 16) {
                accumulate_rows(to, plain, from, x_stride, N, 4);
            } else {
                accumulate_rows(to, plain, from, x_stride, N, 2);
                accumulate_rows(to + 16, plain + 16, from, x_stride, N, 2);
            }
        })
    }
}

HERE static float dot_int4(const uint8_t *row, int32_t groups, const QuantizedVector *x) {
    const __m256i upper = _mm256_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4), nibble = _mm256_set1_epi8(15);
    const __m256i eight = _mm256_set1_epi8(8), one = _mm256_set1_epi16(1);
    __m256 total = _mm256_setzero_ps();
    for (int32_t group = 0; group < groups; group++) {
        __m256i bytes = _mm256_broadcastsi128_si256(load16(row + group * (GROUP / 2)));
        __m256i w = _mm256_and_si256(_mm256_srlv_epi32(bytes, upper), nibble);
        __m256i v = load32(x->value + group * GROUP);
        __m256i sum = _mm256_sub_epi16(_mm256_maddubs_epi16(w, v), _mm256_maddubs_epi16(eight, v));
        __m256 exact = _mm256_cvtepi32_ps(_mm256_madd_epi16(sum, one));
        total = _mm256_fmadd_ps(exact, _mm256_set1_ps(x->scale[group]), total);
    }
    return sum_of(total);
}

HERE static float dot(const float *a, const float *b, int32_t n) {
    __m256 sum[4];
    for (int32_t k = 0; k < 4; k++) sum[k] = _mm256_setzero_ps();
    int32_t i = 0;
    for (; i + 32 <= n; i += 32) {
        for (int32_t k = 0; k < 4; k++) {
            __m256 v = _mm256_loadu_ps(b + i + 8 * k);
            sum[k] = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 8 * k), v, sum[k]);
        }
    }
    for (; i < n; i += 8) {
        sum[0] = _mm256_fmadd_ps(load_first(a + i, n - i), load_first(b + i, n - i), sum[0]);
    }
    return sum_of(_mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])));
}

// Eight numbers, fp32 or bfloat16, from the one at `at` on.
INLINE __m256 eight_of(const void *m, int64_t at, const int is_bf16) {
    if (!is_bf16) return _mm256_loadu_ps((const float *)m + at);
    __m256i bits = _mm256_cvtepu16_epi32(load16((const uint16_t *)m + at));
    return _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16));
}

// out (8 n) = the columns from `start` on of weights (rows) @ m (rows, stride): bfloat16 in any
// order, fp32 as llama2.c.
INLINE void add_columns(float *out, const void *m, int64_t stride, const float *weights,
                        int32_t rows, int32_t start, const int is_bf16, const int32_t n) {
    __m256 sum[MAX_VECTORS];
    for (int32_t k = 0; k < n; k++) sum[k] = _mm256_setzero_ps();
    for (int32_t i = 0; i < rows; i++) {
        __m256 a = _mm256_set1_ps(weights[i]);
        for (int32_t k = 0; k < n; k++) {
            __m256 b = eight_of(m, i * stride + start + 8 * k, is_bf16);
            sum[k] = is_bf16 ? _mm256_fmadd_ps(a, b, sum[k])
                             : _mm256_add_ps(sum[k], _mm256_mul_ps(a, b));
        }
    }
    for (int32_t k = 0; k < n; k++) _mm256_storeu_ps(out + start + 8 * k, sum[k]);
}

// out (columns) = weights (rows) @ m (rows, stride)
INLINE void add_rows(float *out, const void *m, int64_t stride, const float *weights, int32_t rows,
                     int32_t columns, const int is_bf16) {
    int32_t j = 0;
    for (; j + 8 <= columns; j += smaller((columns - j) / 8, WIDE) * 8) {
        WITH_CONSTANT(smaller((columns - j) / 8, WIDE),
                      add_columns(out, m, stride, weights, rows, j, is_bf16, N))
    }
    if (j < columns && columns >= 8) {  // the last eight, some of them once more
        add_columns(out, m, stride, weights, rows, columns - 8, is_bf16, 1);
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

HERE static void scores(float *out, const float *keys, int64_t stride, const float *query,
                        int32_t size, int32_t n) {
    add_rows(out, keys, stride, query, size, n, 0);
}

HERE static void scores_bf16(float *out, const uint16_t *keys, int64_t stride, const float *query,
                             int32_t size, int32_t n) {
    add_rows(out, keys, stride, query, size, n, 1);
}

HERE static void weighted_sum(float *out, const float *values, int64_t stride, const float *weights,
                              int32_t size, int32_t n) {
    add_rows(out, values, stride, weights, n, size, 0);
}

HERE static void weighted_sum_bf16(float *out, const uint16_t *values, int64_t stride,
                                   const float *weights, int32_t size, int32_t n) {
    add_rows(out, values, stride, weights, n, size, 1);
}

INLINE __m256 power_of_two(__m256i n) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

// e^x = 2^n e^r with |r| <= ln 2 / 2, relative error below 2e-7. Beyond the bounds, which are 0
// and infinity in float, 2^n would not fit; it comes in two factors, because one does not reach
// the smallest numbers.
INLINE __m256 exponential(__m256 x) {
    // the second operand is the result where one is NaN
    x = _mm256_min_ps(_mm256_set1_ps(89.0f), _mm256_max_ps(_mm256_set1_ps(-104.0f), x));
    __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)),
                               _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);  // ln 2 in two parts
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), r);
    // (e^r - 1 - r) / r^2, the polynomial with the smallest error (Remez): 3e-9 of e^r
    __m256 q = _mm256_set1_ps(0.001381447557f);
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(0.008368776302f));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(0.04166839381f));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(0.1666652014f));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(0.4999999341f));
    q = _mm256_fmadd_ps(_mm256_mul_ps(r, r), q, _mm256_add_ps(r, _mm256_set1_ps(1.0f)));
    __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
    q = _mm256_mul_ps(q, power_of_two(half));
    return _mm256_mul_ps(q, power_of_two(_mm256_sub_epi32(whole, half)));
}

HERE static void softmax(float *x, float scale, int32_t n) {
    const __m256 least = _mm256_set1_ps(-INFINITY);
    __m256 most = least, sum = _mm256_setzero_ps();
    for (int32_t i = 0; i < n; i += 8) {
        __m256 in = _mm256_castsi256_ps(first(n - i));
        most = _mm256_max_ps(_mm256_blendv_ps(least, load_first(x + i, n - i), in), most);
    }
    most = _mm256_set1_ps(largest_of(most));
    for (int32_t i = 0; i < n; i += 8) {
        __m256 in = _mm256_castsi256_ps(first(n - i));
        __m256 less = _mm256_sub_ps(load_first(x + i, n - i), most);
        __m256 y = exponential(_mm256_mul_ps(less, _mm256_set1_ps(scale)));
        sum = _mm256_add_ps(sum, _mm256_and_ps(y, in));
        store_first(x + i, y, n - i);
    }
    __m256 share = _mm256_set1_ps(1.0f / sum_of(sum));
    for (int32_t i = 0; i < n; i += 8) {
        store_first(x + i, _mm256_mul_ps(load_first(x + i, n - i), share), n - i);
    }
}

HERE static void swiglu(float *gate, const float *up, int32_t n) {
    const __m256 one = _mm256_set1_ps(1.0f);
    for (int32_t i = 0; i < n; i += 8) {
        __m256 x = load_first(gate + i, n - i);
        __m256 minus = _mm256_xor_ps(x, _mm256_set1_ps(-0.0f));
        __m256 silu = _mm256_div_ps(x, _mm256_add_ps(one, exponential(minus)));
        store_first(gate + i, _mm256_mul_ps(silu, load_first(up + i, n - i)), n - i);
    }
}

HERE static float sum_exp(const float *x, float most, float scale, int32_t n) {
    __m256 sum[4];
    for (int32_t k = 0; k < 4; k++) sum[k] = _mm256_setzero_ps();
    for (int32_t i = 0; i < n; i += 32) {
        for (int32_t k = 0; k < 4 && i + 8 * k < n; k++) {
            int32_t at = i + 8 * k;
            __m256 less = _mm256_sub_ps(load_first(x + at, n - at), _mm256_set1_ps(most));
            __m256 y = exponential(_mm256_mul_ps(less, _mm256_set1_ps(scale)));
            sum[k] = _mm256_add_ps(sum[k], _mm256_and_ps(y, _mm256_castsi256_ps(first(n - at))));
        }
    }
    return sum_of(_mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])));
}

// The table entries that both sets share; .name, .matmul_int8 and .matmul_int4 are its own.
#define SIMD_IN_COMMON                                                                \
    .quantise = quantise, .accumulate = accumulate, .dot_int4 = dot_int4, .dot = dot, \
    .scores = scores, .scores_bf16 = scores_bf16, .weighted_sum = weighted_sum,       \
    .weighted_sum_bf16 = weighted_sum_bf16, .softmax = softmax, .swiglu = swiglu,     \
    .bounds = simd_bounds, .sum_exp = sum_exp

#endif
