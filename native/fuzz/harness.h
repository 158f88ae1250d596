// What the fuzz targets share: inputs as files, settings from bytes, a story that is watched.
#ifndef DUO_FUZZ_HARNESS_H
#define DUO_FUZZ_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "infer/generator.h"

enum {
    MAX_INPUT = 1 << 18,  // bytes; larger ones are not looked at
    MAX_TOKENS = 32,      // tokens of a story
    ASKED = 16,           // bytes before a model file that say how to tell from it
};

// libFuzzer's, or replay.c's.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

// What must hold for every input; a finding where it does not.
#define MUST(condition) must((condition), #condition, __FILE__, __LINE__)
void must(bool condition, const char *text, const char *file, int line);

// A refusal is one line that says something, with an exit status.
void must_say(const Failure *failure);

// A file that holds the bytes; its path, which is always the same.
const char *file_of(const void *bytes, size_t size);

// As a peer or a command line may ask: any floats, a story of at most MAX_TOKENS tokens.
typedef struct {
    Settings settings;
    const char *prompt;
    bool inspect;  // instead of telling
} Request;
Request request_of(const uint8_t bytes[ASKED]);

typedef struct {
    int32_t ids[MAX_TOKENS];
    int count;     // of them; -1 where it was refused
    bool numbers;  // every probability that was asked for is a number
} Output;
Output generate(Model *model, const Tokenizer *tokenizer, const Request *request);

// The next number of a sequence; state is any number.
uint32_t draw(uint32_t *state);

// Change some of the `size` bytes, and none of their number.
void mutate_within(uint8_t *bytes, size_t size, uint32_t *state);

#endif
