// A story being told: llama2.c's generate loop, one token at each call.
// The command line (main.c) and the agent (serve.c) both tell through this.
#ifndef DUO_TELLER_H
#define DUO_TELLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "infer/speculative.h"
#include "kernels/simd.h"
#include "model/tokenizer.h"
#include "model/model.h"

enum { TOKEN_BOS = 1 };

typedef struct {
    Mode mode;
    uint32_t steps;      // 0, or more than the context, means the whole context
    float temperature;   // >= 0; 0 is argmax
    float topp;          // 0 to 1; 0 and 1 switch the nucleus off, as in llama2.c
    uint64_t seed;       // of the xorshift sampler; not 0 (main.c and serve.c take the clock for 0)
    bool probabilities;  // fill Next.probability
    int32_t prefill;     // tokens of the prompt at once, 0 for as many as there is room for
    int32_t drafts;      // at once in mode exact, at most; 0 for as many as pay, -1 for none
    const Simd *simd;    // NULL for the best one
} Settings;

typedef struct {
    int32_t id;         // the next token; TOKEN_BOS where the story ended
    const char *text;   // its piece as llama2.c decodes it; lives as long as the tokenizer
    size_t length;      // bytes of text; 0 for BOS
    float probability;  // under softmax(logits / temperature), or softmax(logits) where that is 0;
                        // NAN where it was not asked for
} Next;

typedef struct Teller Teller;

// Check the settings, encode the prompt, allocate the state. `weights` and `tokenizer` must outlive
// the teller. NULL, and `failure`, where the settings or the prompt are bad, the model has no such
// mode, or memory is short.
Teller *teller_new(Model *model, const Tokenizer *tokenizer, Settings settings,
                   const char *prompt, Failure *failure);

// The settings as they are used: steps resolved to the number that will be told at most.
Settings teller_settings(const Teller *teller);

// Steps before speed is measured: the prompt's, and at least one, for it reads the model from the
// disk. llama2.c leaves out the one only, which is the same where all steps take as long.
uint32_t teller_warmup(const Teller *teller);

// The encoded prompt, BOS first.
const int32_t *teller_prompt(const Teller *teller, size_t *count);

// Run one step. False when the story is over: the steps are used up, the last Next was BOS, or the
// model can no longer be read, which teller_failure() says.
bool teller_next(Teller *teller, Next *next);

// Why the story ended early; NULL where nothing failed.
const Failure *teller_failure(const Teller *teller);

// What the modes exact and fast took; false in mode reference.
bool teller_effort(const Teller *teller, Effort *effort);

void teller_free(Teller *teller);

#endif
