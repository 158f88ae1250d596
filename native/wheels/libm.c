// A hash of a million results of each function that a story's probabilities go through: two C
// libraries that print the same round alike. cosf() and sinf() are left out, for musl's differ from
// glibc's; a packed model has their results in it (docs/packed.md).
#include <math.h>
#include <stdint.h>
#include <stdio.h>

static float random_float(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (float)(*state >> 40) / 16777216.0f;
}

static float result(int function, float x) {
    switch (function) {
        case 0: return expf(40.0f * x - 30.0f);
        case 1: return logf(x);
        case 2: return powf(10000.0f, x);
        default: return sqrtf(x);
    }
}

int main(void) {
    static const char *const names[] = {"expf", "logf", "powf", "sqrtf"};
    for (int function = 0; function < 4; function++) {
        uint64_t state = 88172645463325252u, hash = 14695981039346656037u;
        for (int i = 0; i < 1000000; i++) {
            union {
                float number;
                uint32_t bits;
            } u = {result(function, random_float(&state))};
            hash = (hash ^ u.bits) * 1099511628211u;
        }
        printf("%s %016llx\n", names[function], (unsigned long long)hash);
    }
    return 0;
}
