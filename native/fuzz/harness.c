#define _GNU_SOURCE

#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void must(bool condition, const char *text, const char *file, int line) {
    if (condition) return;
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, text);
    abort();
}

void must_say(const Failure *failure) {
    MUST(failure->status == EXIT_USAGE || failure->status == EXIT_UNEXPECTED);
    MUST(failure->text[0] != '\0' && strchr(failure->text, '\n') == NULL);
}

const char *file_of(const void *bytes, size_t size) {
    static char path[32];
    static int file = -1;
    if (file < 0) {
        file = memfd_create("input", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    // cut first: what was written beyond this input's end must not come back
    MUST(file >= 0 && ftruncate(file, 0) == 0);
    MUST(pwrite(file, bytes, size, 0) == (ssize_t)size);
    return path;
}

static float float_at(const uint8_t *bytes) {
    float value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

Request request_of(const uint8_t bytes[ASKED]) {
    static const char *const prompts[] = {"", "a", "ab ba", "abababababababababababab ab ab"};
    size_t known = 0;
    while (simd_names()[known]) known++;
    return (Request){
        .settings =
            {
                .mode = (Mode)(bytes[0] % 4 % 3),
                // most stories are short, or there would be few of them
                .steps = bytes[1] % (bytes[1] < 64 ? MAX_TOKENS : MAX_TOKENS / 4u) + 1u,
                .probabilities = bytes[2] & 4,
                .prefill = bytes[3] % 17,
                .drafts = bytes[4] % 9 - 1,
                .simd = simd_choose(simd_names()[bytes[5] % known]),
                .seed = (uint64_t)bytes[6] | (uint64_t)bytes[7] << 8,
                .temperature = float_at(bytes + 8),
                .topp = float_at(bytes + 12),
            },
        .prompt = prompts[bytes[2] % 4],
        .inspect = bytes[0] % 4 == 3,
    };
}

Output generate(Model *model, const Tokenizer *tokenizer, const Request *request) {
    Output output = {.count = -1, .numbers = true};
    Failure failure = {0};
    Generator *generator =
        generator_new(model, tokenizer, request->settings, request->prompt, &failure);
    if (!generator) {
        must_say(&failure);
        return output;
    }
    output.count = 0;
    for (Step step; generator_step(generator, &step); output.count++) {
        MUST(output.count < MAX_TOKENS);
        MUST(step.id >= 0 && step.id < model->config.vocab);
        MUST(step.length == strlen(step.text));
        output.ids[output.count] = step.id;
        if (request->settings.probabilities && isnan(step.probability)) output.numbers = false;
    }
    MUST(generator_failure(generator) == NULL);
    generator_free(generator);
    return output;
}

uint32_t draw(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

// Floats and integers that code forgets.
static const uint32_t odd_words[] = {
    0,          1,          0x7fffffff, 0x80000000, 0xffffffff,
    0x7fc00000,              // NaN
    0x7f800000, 0xff800000,  // infinities
    0x7f7fffff, 0xff7fffff,  // the largest floats
    0x00000001, 0x00800000,  // the least ones
};

void mutate_within(uint8_t *bytes, size_t size, uint32_t *state) {
    enum { WINDOW = 32 };
    if (size == 0) return;
    size_t at = draw(state) % size;
    if (draw(state) % 2 && size >= 4) {
        size_t word = at / 4 * 4 < size - 4 ? at / 4 * 4 : size - 4;
        memcpy(bytes + word, &odd_words[draw(state) % (sizeof odd_words / sizeof *odd_words)], 4);
        return;
    }
    size_t width = draw(state) % WINDOW + 1;
    if (width > size - at) width = size - at;
    uint8_t window[WINDOW];
    memcpy(window, bytes + at, width);
    LLVMFuzzerMutate(window, width, width);
    memcpy(bytes + at, window, width);
}
