#include "pack/pack_order.h"

#include <stdlib.h>

#include "infer/sampler.h"
#include "infer/transformer.h"

// Length of the calibration run; fuzzing has less time.
#ifndef CALIBRATION_TOKENS
#define CALIBRATION_TOKENS 128
#endif

enum { BOS = 1 };

typedef struct {
    double probability;
    int32_t id;
} TokenRank;

static int likeliest_first(const void *a, const void *b) {
    const TokenRank *left = a, *right = b;
    if (left->probability != right->probability) {
        return left->probability > right->probability ? -1 : 1;
    }
    return left->id < right->id ? -1 : 1;
}

// Generate CALIBRATION_TOKENS and sum the probabilities of every token over all steps.
static void calibrate(Transformer *t, Sampler *sampler, TokenRank *ranks, int32_t vocab) {
    int32_t token = BOS, position = 0;
    for (int32_t i = 0; i < CALIBRATION_TOKENS; i++) {
        float *logits = transformer_forward(t, token, position, true);
        sampler_softmax(sampler, logits);
        for (int32_t id = 0; id < vocab; id++) ranks[id].probability += (double)logits[id];
        token = sampler_sample(sampler, logits, sampler_random(&sampler->state));
        position = token == BOS || position + 1 == t->positions ? 0 : position + 1;
        if (position == 0) token = BOS;
    }
    // NaN ranks last
    for (int32_t id = 0; id < vocab; id++) {
        if (!(ranks[id].probability >= 0.0)) ranks[id].probability = 0.0;
    }
}

bool pack_order(const Checkpoint *checkpoint, const bool *collapsed, int32_t *ids,
                Failure *failure) {
    int32_t vocab = checkpoint->config.vocab, context = checkpoint->config.context, count = 0;
    int32_t positions = context < CALIBRATION_TOKENS ? context : CALIBRATION_TOKENS;
    Transformer transformer = {0};
    Sampler sampler = {0};
    TokenRank *ranks = malloc((size_t)vocab * sizeof *ranks);
    bool done = ranks && transformer_init(&transformer, checkpoint, positions, failure) &&
                sampler_init(&sampler, vocab, 1.0f, 0.9f, 1, failure);
    if (!ranks) fail(failure, EXIT_UNEXPECTED, "not enough memory to pack");
    if (done) {
        for (int32_t id = 0; id < vocab; id++) ranks[id] = (TokenRank){0.0, id};
        calibrate(&transformer, &sampler, ranks, vocab);
        qsort(ranks, (size_t)vocab, sizeof *ranks, likeliest_first);
        for (int32_t i = 0; i < vocab; i++) {
            if (!collapsed[ranks[i].id]) ids[count++] = ranks[i].id;
        }
        for (int32_t i = 0; i < vocab; i++) {
            if (collapsed[ranks[i].id]) ids[count++] = ranks[i].id;
        }
    }
    sampler_free(&sampler);
    transformer_free(&transformer);
    free(ranks);
    return done;
}
