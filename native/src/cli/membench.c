#include "cli/membench.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { MIN_BYTES = 16 << 10, MAX_BYTES = 8 << 20, TRIES = 4 };

static const double MIN_SECONDS = 0.02;  // long against the clock's resolution

typedef uint64_t (*Pass)(uint64_t *memory, uint64_t *other, size_t words);

static uint64_t read_pass(uint64_t *memory, uint64_t *other, size_t words) {
    (void)other;
    uint64_t a = 0, b = 0, c = 0, d = 0;
    for (size_t i = 0; i < words; i += 8) {
        a += memory[i] ^ memory[i + 4];
        b += memory[i + 1] ^ memory[i + 5];
        c += memory[i + 2] ^ memory[i + 6];
        d += memory[i + 3] ^ memory[i + 7];
    }
    return a ^ b ^ c ^ d;
}

static uint64_t copy_pass(uint64_t *memory, uint64_t *other, size_t words) {
    memcpy(other, memory, words * sizeof *memory);
    return other[words / 2];
}

static uint64_t fill_pass(uint64_t *memory, uint64_t *other, size_t words) {
    (void)other;
    memset(memory, (int)(memory[0] + 1) & 0xff, words * sizeof *memory);
    return memory[words / 2];
}

static void measure(const char *name, Pass pass, uint64_t *memory, uint64_t *other, size_t bytes,
                    FILE *out) {
    volatile uint64_t sink = 0;  // keeps the compiler from dropping a pass
    double best = 0.0;
    for (int i = 0; i < TRIES; i++) {
        uint64_t start = clock_now();
        double spent = 0.0;
        int passes = 0;
        while (spent < MIN_SECONDS) {
            sink = sink ^ pass(memory, other, bytes / sizeof *memory);
            passes++;
            spent = (double)(clock_now() - start) / 1e6;
        }
        double rate = (double)passes * (double)bytes / spent;
        if (rate > best) best = rate;
    }
    fprintf(out, "%s %zu %.1f\n", name, bytes, best / 1e6);
}

bool membench_run(FILE *out, Failure *failure) {
    uint64_t *memory = calloc(2, MAX_BYTES);
    if (!memory) {
        return fail(failure, EXIT_UNEXPECTED, "not enough memory to measure; close other programs");
    }
    uint64_t *other = memory + MAX_BYTES / sizeof *memory;
    for (size_t i = 0; i < 2 * MAX_BYTES / sizeof *memory; i++) memory[i] = i;  // touch every page
    for (size_t bytes = MIN_BYTES; bytes <= MAX_BYTES; bytes *= 2) {
        measure("read", read_pass, memory, other, bytes, out);
    }
    measure("copy", copy_pass, memory, other, MAX_BYTES, out);
    measure("fill", fill_pass, memory, other, MAX_BYTES, out);
    free(memory);
    return true;
}
