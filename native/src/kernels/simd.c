#include "kernels/simd.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

// A set is compiled if the compiler supports it, and used if the processor has its instructions.
#if defined(__x86_64__)
extern const Simd simd_avx2, simd_avx512;
#elif defined(__aarch64__)
extern const Simd simd_neon, simd_dotprod;
#elif defined(__riscv_vector) || defined(__riscv_xtheadvector)
extern const Simd simd_rvv;
#endif

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

enum { MAX_SETS = 4 };

#if defined(__aarch64__) && SIMD_DOTPROD
static bool has_dotprod(void) {
#if defined(__ARM_FEATURE_DOTPROD)  // every processor that this is compiled for: every Mac
    return true;
#elif defined(__linux__)
    return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
    return false;
#endif
}
#endif

static size_t sets_here(const Simd *sets[MAX_SETS]) {
    size_t count = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni")) {
        sets[count++] = &simd_avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        sets[count++] = &simd_avx2;
    }
#elif defined(__aarch64__)
#if SIMD_DOTPROD
    if (has_dotprod()) sets[count++] = &simd_dotprod;
#endif
    sets[count++] = &simd_neon;
#elif defined(__riscv_vector) || defined(__riscv_xtheadvector)
    sets[count++] = &simd_rvv;
#endif
    sets[count++] = &simd_scalar;
    return count;
}

const Simd *simd_choose(const char *name) {
    const Simd *sets[MAX_SETS];
    size_t count = sets_here(sets);
    if (!name) return sets[0];
    for (size_t i = 0; i < count; i++) {
        if (strcmp(sets[i]->name, name) == 0) return sets[i];
    }
    return NULL;
}

const char *const *simd_names(void) {
    static const char *names[MAX_SETS + 1];
    const Simd *sets[MAX_SETS];
    size_t count = sets_here(sets);
    for (size_t i = 0; i < count; i++) names[i] = sets[i]->name;
    names[count] = NULL;
    return names;
}
