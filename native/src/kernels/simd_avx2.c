// Kernels for x86-64 with AVX2: registers of 32 bytes.
#if defined(__x86_64__)

#define HERE __attribute__((target("avx2,fma")))
#define REGISTERS 16
#include "kernels/simd_x86.h"

enum { MAX_INT8_VECTORS = 3 };  // more than 3 vectors' sums do not stay in 16 registers

// Columns are interleaved within the halves of registers, so that a tile's sums are those of rows
// 0-3 and 16-19, 4-7 and 20-23, 8-11 and 24-27, 12-15 and 28-31.
INLINE void rows_in_order(__m256 sum[4]) {
    __m256 a = sum[0], b = sum[1], c = sum[2], d = sum[3];
    sum[0] = _mm256_permute2f128_ps(a, b, 0x20);
    sum[1] = _mm256_permute2f128_ps(c, d, 0x20);
    sum[2] = _mm256_permute2f128_ps(a, b, 0x31);
    sum[3] = _mm256_permute2f128_ps(c, d, 0x31);
}

// A row's weights of two columns in a dword, as words of 256 times the weight: it takes less to
// bring a byte into a word's upper half than to extend its sign.
INLINE void matmul_int8_tile(float *out, int64_t stride, const IntMatrix *w, int32_t tile,
                             const QuantizedVector *x, const int32_t n) {
    const __m256i zero = _mm256_setzero_si256();
    __m256 total[MAX_INT8_VECTORS][4];
    for (int32_t t = 0; t < n; t++) {
        for (int32_t k = 0; k < 4; k++) total[t][k] = _mm256_setzero_ps();
    }
    for (int32_t group = 0; group < w->groups; group++) {
        int64_t block = (int64_t)tile * w->groups + group;
        const int8_t *high = w->high + block * GROUP * TILE;
        __m256i times = load32(w->multiplier + block * TILE);
        int16_t value[MAX_INT8_VECTORS][GROUP];
        for (int32_t t = 0; t < n; t++) {
            for (int32_t k = 0; k < GROUP; k += 16) {
                __m256i words = _mm256_cvtepi8_epi16(load16(x[t].value + group * GROUP + k));
                _mm256_storeu_si256((void *)(value[t] + k), words);
            }
        }
        // Compilers would shuffle in registers what loads from memory spread for nothing.
        __asm__("" : "+m"(value));
#pragma GCC unroll 2
        for (int32_t half = 0; half < 2; half++) {
            __m256i sum[MAX_INT8_VECTORS][2];
            for (int32_t t = 0; t < n; t++) sum[t][0] = sum[t][1] = zero;
                // gcc would unroll it, add the terms as a tree and run out of registers
#pragma GCC unroll 1
            for (int32_t i = 0; i < GROUP; i += 2) {
                __m256i a = load32(high + i * TILE), b = load32(high + i * TILE + TILE);
                __m256i pair = half ? _mm256_unpackhi_epi8(a, b) : _mm256_unpacklo_epi8(a, b);
                __m256i w0 = _mm256_unpacklo_epi8(zero, pair);
                __m256i w1 = _mm256_unpackhi_epi8(zero, pair);
                for (int32_t t = 0; t < n; t++) {
                    __m256i v = _mm256_set1_epi32(dword(value[t] + i));
                    sum[t][0] = _mm256_add_epi32(sum[t][0], _mm256_madd_epi16(w0, v));
                    sum[t][1] = _mm256_add_epi32(sum[t][1], _mm256_madd_epi16(w1, v));
                }
            }
            for (int32_t k = 0; k < 2; k++) {
                int32_t row = 8 * half + 4 * k;
                __m256 multiplier = multipliers(times, row, row);
                for (int32_t t = 0; t < n; t++) {
                    __m256 *sums = &total[t][2 * half + k];
                    __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(sum[t][k]), multiplier);
                    *sums = _mm256_fmadd_ps(product, _mm256_set1_ps(x[t].scale[group]), *sums);
                }
            }
        }
    }
    for (int32_t t = 0; t < n; t++) {
        rows_in_order(total[t]);
        for (int32_t k = 0; k < 4; k++) {
            __m256 scale = _mm256_loadu_ps(w->scale + tile * TILE + 8 * k);
            __m256 unit = _mm256_mul_ps(scale, _mm256_set1_ps(1.0f / 256.0f));
            _mm256_storeu_ps(out + t * stride + 8 * k, _mm256_mul_ps(total[t][k], unit));
        }
    }
}

HERE static void matmul_int8(float *out, int64_t stride, const IntMatrix *w,
                             const QuantizedVector *x, int32_t count) {
    for (int32_t tile = 0; tile < w->tiles; tile++) {
        for (int32_t t = 0; t < count; t += MAX_INT8_VECTORS) {
            float *to = out + t * stride + tile * TILE;
            WITH_CONSTANT(
                smaller(count - t, MAX_INT8_VECTORS),
                matmul_int8_tile(to, stride, w, tile, x + t, smaller(N, MAX_INT8_VECTORS)))
        }
    }
}

// Words of two weights, multiplied and added to words. All 32 columns fit into one: the sum begins
// with what takes the 8 from every weight, and may wrap around on the way.
INLINE void matmul_int4_tile(float *out, int64_t stride, const uint8_t *coarse, int32_t groups,
                             const QuantizedVector *x, const int32_t n) {
    const __m256i nibble = _mm256_set1_epi8(15);
    // two even columns twice, two odd ones twice
    const __m256i twice = _mm256_setr_epi8(0, 2, 0, 2, 1, 3, 1, 3, 4, 6, 4, 6, 5, 7, 5, 7, 8, 10, 8,
                                           10, 9, 11, 9, 11, 12, 14, 12, 14, 13, 15, 13, 15);
    __m256 total[MAX_VECTORS][4];
    for (int32_t t = 0; t < n; t++) {
        for (int32_t k = 0; k < 4; k++) total[t][k] = _mm256_setzero_ps();
    }
    for (int32_t group = 0; group < groups; group++, coarse += GROUP / 2 * TILE) {
        int8_t value[MAX_VECTORS][2 * GROUP];
        for (int32_t t = 0; t < n; t++) {
            for (int32_t k = 0; k < GROUP; k += 16) {
                __m256i v = _mm256_broadcastsi128_si256(load16(x[t].value + group * GROUP + k));
                _mm256_storeu_si256((void *)(value[t] + 2 * k), _mm256_shuffle_epi8(v, twice));
            }
        }
        __asm__("" : "+m"(value));  // as in matmul_int8
#pragma GCC unroll 2
        for (int32_t half = 0; half < 2; half++) {
            __m256i sum[MAX_VECTORS];
            for (int32_t t = 0; t < n; t++) {
                sum[t] = _mm256_set1_epi16((int16_t)(-8 * x[t].sum[group]));
            }
#pragma GCC unroll 1
            for (int32_t i = 0; i < GROUP / 2; i += 2) {
                __m256i a = load32(coarse + i * TILE), b = load32(coarse + i * TILE + TILE);
                __m256i pair = half ? _mm256_unpackhi_epi8(a, b) : _mm256_unpacklo_epi8(a, b);
                __m256i even = _mm256_and_si256(pair, nibble);
                __m256i odd = _mm256_and_si256(_mm256_srli_epi16(pair, 4), nibble);
                for (int32_t t = 0; t < n; t++) {
                    __m256i v = _mm256_set1_epi32(dword(value[t] + 4 * i));
                    __m256i u = _mm256_set1_epi32(dword(value[t] + 4 * i + 4));
                    sum[t] = _mm256_add_epi16(sum[t], _mm256_maddubs_epi16(even, v));
                    sum[t] = _mm256_add_epi16(sum[t], _mm256_maddubs_epi16(odd, u));
                }
            }
            for (int32_t t = 0; t < n; t++) {
                __m256 scale = _mm256_set1_ps(x[t].scale[group]), *sums = &total[t][2 * half];
                __m256i s0 = _mm256_srai_epi32(_mm256_unpacklo_epi16(sum[t], sum[t]), 16);
                __m256i s1 = _mm256_srai_epi32(_mm256_unpackhi_epi16(sum[t], sum[t]), 16);
                sums[0] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(s0), scale, sums[0]);
                sums[1] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(s1), scale, sums[1]);
            }
        }
    }
    for (int32_t t = 0; t < n; t++) {
        rows_in_order(total[t]);
        for (int32_t k = 0; k < 4; k++) _mm256_storeu_ps(out + t * stride + 8 * k, total[t][k]);
    }
}

HERE static void matmul_int4(float *out, int64_t stride, const uint8_t *coarse, int32_t tiles,
                             int32_t groups, const QuantizedVector *x, int32_t count) {
    for (int32_t tile = 0; tile < tiles; tile++, coarse += groups * (GROUP / 2) * TILE) {
        for (int32_t t = 0; t < count; t += MAX_VECTORS) {
            float *to = out + t * stride + tile * TILE;
            WITH_CONSTANT(smaller(count - t, MAX_VECTORS),
                          matmul_int4_tile(to, stride, coarse, groups, x + t, N))
        }
    }
}

const Simd simd_avx2 = {
    .name = "avx2", .matmul_int8 = matmul_int8, .matmul_int4 = matmul_int4, SIMD_IN_COMMON};

#endif
