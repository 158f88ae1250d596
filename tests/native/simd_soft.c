// The kernels for AVX-512 in plain C, by SIMDe, for computers that have no AVX-512. In place of
// simd.c: the set that it chooses is always this one.
#define SIMDE_NO_NATIVE
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>

#include <math.h>
#include <string.h>

#include "kernels/simd.h"

// What SIMDe 0.7.4 lacks, as Intel's guide has it.
static inline __m512 soft_cvtepi32_ps(__m512i a) {
    int32_t in[16];
    float out[16];
    memcpy(in, &a, sizeof in);
    for (int i = 0; i < 16; i++) out[i] = (float)in[i];
    return _mm512_loadu_ps(out);
}

static inline __m512i soft_cvtepu8_epi32(__m128i a) {
    uint8_t in[16];
    int32_t out[16];
    memcpy(in, &a, sizeof in);
    for (int i = 0; i < 16; i++) out[i] = in[i];
    return _mm512_loadu_si512(out);
}

static inline __m512 soft_shuffle_f32x4(__m512 a, __m512 b, int control) {
    float in[2][16], out[16];
    memcpy(in[0], &a, sizeof in[0]);
    memcpy(in[1], &b, sizeof in[1]);
    for (int quarter = 0; quarter < 4; quarter++) {
        memcpy(out + 4 * quarter, in[quarter / 2] + 4 * (control >> 2 * quarter & 3), 16);
    }
    return _mm512_loadu_ps(out);
}

#ifndef _MM_FROUND_NO_EXC
#define _MM_FROUND_NO_EXC SIMDE_MM_FROUND_NO_EXC
#endif
#define _mm512_cvtepi32_ps soft_cvtepi32_ps
#define _mm512_cvtepu8_epi32 soft_cvtepu8_epi32
#define _mm512_shuffle_f32x4 soft_shuffle_f32x4

// The file's own: gcc would use what the processor lacks where a function says that it may.
#define _IMMINTRIN_H_INCLUDED
#define __attribute__(ignored)
#define __asm__(...)
#include "kernels/simd_avx512.c"

const Simd *simd_choose(const char *name) {
    return !name || strcmp(name, simd_avx512.name) == 0 ? &simd_avx512 : NULL;
}

const char *const *simd_names(void) {
    static const char *names[] = {"avx512", NULL};
    return names;
}
