// llama2.c's generate(), one token at each call, for all three modes. The command line (cli/main.c)
// and the agent (agent/generation_job.c) both generate through this.
#ifndef DUO_INFER_GENERATOR_H
#define DUO_INFER_GENERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "infer/speculative.h"
#include "kernels/simd.h"
#include "model/model.h"
#include "model/tokenizer.h"

enum { TOKEN_BOS = 1 };

typedef struct {
    Mode mode;
    uint32_t steps;      // 0, or more than the context, means the whole context
    float temperature;   // >= 0; 0 is argmax
    float topp;          // 0 to 1; 0 and 1 switch top-p off, as in llama2.c
    uint64_t seed;       // of xorshift*; not 0 (callers take the clock for 0)
    bool probabilities;  // fill Step.probability
    int32_t prefill;     // prompt tokens of one batch; 0: as many as fit
    int32_t drafts;      // most drafts of one round in mode exact; 0: as many as pay, -1: none
    const Simd *simd;    // NULL: the best set
} Settings;

typedef struct {
    int32_t id;         // the next token; TOKEN_BOS ends the story
    const char *text;   // its piece as llama2.c decodes it; lives as long as the tokenizer
    size_t length;      // bytes of text; 0 for BOS
    float probability;  // under softmax(logits / temperature), or softmax(logits) where that is 0;
                        // NAN if it was not asked for
} Step;

typedef struct Generator Generator;

// Check the settings, encode the prompt, allocate the state. `model` and `tokenizer` must outlive
// the generator. NULL, and `failure`, where the settings or the prompt are bad, the model lacks the
// mode, or memory is short.
Generator *generator_new(Model *model, const Tokenizer *tokenizer, Settings settings,
                         const char *prompt, Failure *failure);

// The settings in use: steps is resolved to the most steps that there will be.
Settings generator_settings(const Generator *generator);

// Steps that are left out of tok/s: the prompt's, and at least the first, which reads the model
// from the disk. llama2.c leaves out the first only.
uint32_t generator_warmup(const Generator *generator);

// The encoded prompt, BOS first.
const int32_t *generator_prompt(const Generator *generator, size_t *count);

// Run one step. False when the story is over: the steps are used up, the last token was BOS, or
// generator_failure() is not NULL.
bool generator_step(Generator *generator, Step *step);

// Why the story ended early; NULL where nothing failed.
const Failure *generator_failure(const Generator *generator);

// Counters of the modes exact and fast; false in mode reference.
bool generator_stats(const Generator *generator, DecodeStats *stats);

void generator_free(Generator *generator);

#endif
