// Runs a mode over given tokens and yields, at each step, its likeliest id and the probability of
// any id.
#ifndef DUO_INFER_SCORER_H
#define DUO_INFER_SCORER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "infer/exact_sampler.h"
#include "infer/quant_transformer.h"
#include "infer/transformer.h"
#include "model/model.h"

typedef struct {
    ModelConfig config;
    float temperature;
    Transformer transformer;       // mode reference
    QuantTransformer quant;        // modes exact and fast
    ExactSampler greedy, sampler;  // at temperature 0, and at `temperature`
    Precision precision;
    LmHeadInput input;
    float *value;         // (2, tiles * TILE) products in 4 bits, and a copy to overwrite
    const float *logits;  // mode reference: (vocab) of this step
    float largest;        // the largest logit
    double sum_exp;       // the sum of exp((logit - largest) / temperature)
} Scorer;

bool scorer_init(Scorer *scorer, Model *model, Mode mode, float temperature, Failure *failure);
void scorer_free(Scorer *scorer);

// Run `token` at `position`; the positions before it must have been run. *likeliest: the id after
// it.
bool scorer_step(Scorer *scorer, int32_t token, int32_t position, int32_t *likeliest,
                 Failure *failure);

// -ln of the probability of `id` after the last step, under softmax(logits / temperature); of
// temperature 0 under softmax(logits).
double scorer_nats(Scorer *scorer, int32_t id);

#endif
