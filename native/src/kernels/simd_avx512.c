// Kernels for x86-64 with AVX-512 and VNNI: int8 in registers of 64 bytes, of which there are 32.
#if defined(__x86_64__)

#define HERE __attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl,avx512vnni")))
#define REGISTERS 32
#include "kernels/simd_x86.h"

// A tile's bytes of four columns, (column, row), as a dword for each row: its bytes of columns
// 0, 2, 1 and 3. What comes first are rows 0-7 and 16-23, then the others.
INLINE void turn(__m512i rows[2], __m512i columns01, __m512i columns23) {
    const __m512i halves =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                         21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    rows[0] = _mm512_unpacklo_epi8(columns01, columns23);
    rows[1] = _mm512_unpackhi_epi8(columns01, columns23);
    // clang would make one permutation of these two, which takes it forty instructions
    __asm__("" : "+v"(rows[0]), "+v"(rows[1]));
    rows[0] = _mm512_permutexvar_epi16(halves, rows[0]);
    rows[1] = _mm512_permutexvar_epi16(halves, rows[1]);
}

// A group's values in `order`, which is that of four (eight) columns, for vpdpbusd to meet them.
INLINE void put(int8_t *to, const int8_t *value, const int8_t order[16]) {
    __m256i bytes = _mm256_broadcastsi128_si256(load16(order));
    _mm256_storeu_si256((void *)to, _mm256_shuffle_epi8(load32(value), bytes));
}

INLINE void matmul_int8_tile(float *out, int64_t stride, const IntMatrix *w, int32_t tile,
                             const QuantizedVector *x, const int32_t n) {
    static const int8_t order[16] = {0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15};
    const __m512i sign = _mm512_set1_epi8(-128);
    __m512 total[MAX_VECTORS][2];
    for (int32_t t = 0; t < n; t++) total[t][0] = total[t][1] = _mm512_setzero_ps();
    for (int32_t group = 0; group < w->groups; group++) {
        int64_t block = (int64_t)tile * w->groups + group;
        const int8_t *high = w->high + block * GROUP * TILE;
        int8_t value[MAX_VECTORS][GROUP];
        __m512i sum[MAX_VECTORS][2];
        for (int32_t t = 0; t < n; t++) {
            put(value[t], x[t].value + group * GROUP, order);
            sum[t][0] = sum[t][1] = _mm512_set1_epi32(-128 * x[t].sum[group]);
        }
        // Compilers would shuffle in registers what loads from memory spread for nothing.
        __asm__("" : "+m"(value));
        for (int32_t i = 0; i < GROUP; i += 4) {
            // vpdpbusd takes weights without a sign: 128 more
            __m512i a = _mm512_xor_si512(_mm512_loadu_si512(high + i * TILE), sign);
            __m512i b = _mm512_xor_si512(_mm512_loadu_si512(high + (i + 2) * TILE), sign);
            __m512i rows[2];
            turn(rows, a, b);
            for (int32_t t = 0; t < n; t++) {
                __m512i v = _mm512_set1_epi32(dword(value[t] + i));
                sum[t][0] = _mm512_dpbusd_epi32(sum[t][0], rows[0], v);
                sum[t][1] = _mm512_dpbusd_epi32(sum[t][1], rows[1], v);
            }
        }
        __m256i bytes = _mm256_permute4x64_epi64(load32(w->multiplier + block * TILE), 0xd8);
        __m512i times[2] = {_mm512_cvtepu8_epi32(_mm256_castsi256_si128(bytes)),
                            _mm512_cvtepu8_epi32(_mm256_extracti128_si256(bytes, 1))};
        for (int32_t k = 0; k < 2; k++) {
            __m512 multiplier = _mm512_cvtepi32_ps(times[k]);
            for (int32_t t = 0; t < n; t++) {
                __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[t][k]), multiplier);
                __m512 scale = _mm512_set1_ps(x[t].scale[group]);
                total[t][k] = _mm512_fmadd_ps(product, scale, total[t][k]);
            }
        }
    }
    const float *scale = w->scale + tile * TILE;
    __m512 scale0 = _mm512_loadu_ps(scale), scale1 = _mm512_loadu_ps(scale + 16);
    for (int32_t t = 0; t < n; t++) {
        __m512 rows0 = _mm512_shuffle_f32x4(total[t][0], total[t][1], 0x44);
        __m512 rows1 = _mm512_shuffle_f32x4(total[t][0], total[t][1], 0xee);
        _mm512_storeu_ps(out + t * stride, _mm512_mul_ps(rows0, scale0));
        _mm512_storeu_ps(out + t * stride + 16, _mm512_mul_ps(rows1, scale1));
    }
}

HERE static void matmul_int8(float *out, int64_t stride, const IntMatrix *w,
                             const QuantizedVector *x, int32_t count) {
    for (int32_t tile = 0; tile < w->tiles; tile++) {
        for (int32_t t = 0; t < count; t += MAX_VECTORS) {
            float *to = out + t * stride + tile * TILE;
            WITH_CONSTANT(smaller(count - t, MAX_VECTORS),
                          matmul_int8_tile(to, stride, w, tile, x + t, N))
        }
    }
}

INLINE void matmul_int4_tile(float *out, int64_t stride, const uint8_t *coarse, int32_t groups,
                             const QuantizedVector *x, const int32_t n) {
    static const int8_t order[16] = {0, 4, 2, 6, 1, 5, 3, 7, 8, 12, 10, 14, 9, 13, 11, 15};
    const __m512i nibble = _mm512_set1_epi8(15);
    __m512 total[MAX_VECTORS][2];
    for (int32_t t = 0; t < n; t++) total[t][0] = total[t][1] = _mm512_setzero_ps();
    for (int32_t group = 0; group < groups; group++) {
        int8_t value[MAX_VECTORS][GROUP];
        __m512i sum[MAX_VECTORS][2];
        for (int32_t t = 0; t < n; t++) {
            put(value[t], x[t].value + group * GROUP, order);
            sum[t][0] = sum[t][1] = _mm512_set1_epi32(-8 * x[t].sum[group]);
        }
        __asm__("" : "+m"(value));  // as in matmul_int8
        for (int32_t i = 0; i < GROUP; i += 8, coarse += 4 * TILE) {
            __m512i rows[2];
            turn(rows, _mm512_loadu_si512(coarse), _mm512_loadu_si512(coarse + 2 * TILE));
            for (int32_t k = 0; k < 2; k++) {
                __m512i even = _mm512_and_si512(rows[k], nibble);
                __m512i odd = _mm512_and_si512(_mm512_srli_epi16(rows[k], 4), nibble);
                for (int32_t t = 0; t < n; t++) {
                    __m512i v = _mm512_set1_epi32(dword(value[t] + i));
                    __m512i u = _mm512_set1_epi32(dword(value[t] + i + 4));
                    sum[t][k] = _mm512_dpbusd_epi32(sum[t][k], even, v);
                    sum[t][k] = _mm512_dpbusd_epi32(sum[t][k], odd, u);
                }
            }
        }
        for (int32_t t = 0; t < n; t++) {
            __m512 scale = _mm512_set1_ps(x[t].scale[group]);
            for (int32_t k = 0; k < 2; k++) {
                total[t][k] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[t][k]), scale, total[t][k]);
            }
        }
    }
    for (int32_t t = 0; t < n; t++) {
        __m512 a = total[t][0], b = total[t][1];
        _mm512_storeu_ps(out + t * stride, _mm512_shuffle_f32x4(a, b, 0x44));
        _mm512_storeu_ps(out + t * stride + 16, _mm512_shuffle_f32x4(a, b, 0xee));
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

const Simd simd_avx512 = {
    .name = "avx512", .matmul_int8 = matmul_int8, .matmul_int4 = matmul_int4, SIMD_IN_COMMON};

#endif
