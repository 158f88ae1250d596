// For x86-64 by zig, whose runtime library lacks what __builtin_cpu_init() and
// __builtin_cpu_supports() read: the processor's instructions, as libgcc and LLVM's compiler-rt lay
// them out. Only those are found that simd.c asks for.
#include <cpuid.h>
#include <stdint.h>

// Bits of __cpu_features[0], then of __cpu_features2[0] (llvm/TargetParser/X86TargetParser.def).
enum { AVX2 = 10, FMA = 14, AVX512F = 15, AVX512VL = 20, AVX512BW = 21, AVX512VNNI = 34 - 32 };

struct {
    uint32_t vendor, type, subtype, features[1];
} __cpu_model;
uint32_t __cpu_features2[3];

// The state that the system saves of a thread (XCR0): SSE and AVX; AVX-512's masks and registers.
enum { SAVES_AVX = 0x06, SAVES_AVX512 = 0xe6 };

static uint32_t saved(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

int __cpu_indicator_init(void) {
    uint32_t a, b, c, d, c1;
    if (!__get_cpuid(1, &a, &b, &c1, &d) || !(c1 & bit_OSXSAVE)) return 0;
    uint32_t state = saved();
    if ((state & SAVES_AVX) != SAVES_AVX || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    uint32_t found = 0;
    if (b & bit_AVX2) found |= 1u << AVX2;
    if (c1 & bit_FMA) found |= 1u << FMA;
    if ((state & SAVES_AVX512) == SAVES_AVX512) {
        if (b & bit_AVX512F) found |= 1u << AVX512F;
        if (b & bit_AVX512VL) found |= 1u << AVX512VL;
        if (b & bit_AVX512BW) found |= 1u << AVX512BW;
        if (c & bit_AVX512VNNI) __cpu_features2[0] |= 1u << AVX512VNNI;
    }
    __cpu_model.features[0] = found;
    return 0;
}
