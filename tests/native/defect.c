// An engine with a deliberate defect, for test_defects.py: mode reference, told by hand.
//   defect MODEL KIND WHERE WHEN SEED STEPS ID...
// The prompt's IDs, BOS first. For each step a line "ID PROBABILITY", as the agent would say it.
//   none                     nothing is wrong
//   weight: WHERE            one weight of the layers is 4 more
//   row: WHERE               one row of the classifier is a fifth longer; so is what is embedded
//   seed                     the seed is another
//   bit: WHERE, WHEN         before step WHEN one bit of what it remembers is another: an
//                            exponent's highest
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infer/sampler.h"
#include "infer/transformer.h"
#include "model/checkpoint.h"

static void check(bool done, const Failure *failure) {
    if (done) return;
    fprintf(stderr, "%s\n", failure->text);
    exit(2);
}

static void flip(float *value) {
    uint32_t bits;
    memcpy(&bits, value, sizeof bits);
    bits ^= 1u << 30;
    memcpy(value, &bits, sizeof bits);
}

int main(int count, char **words) {
    if (count < 8) return 2;
    Failure failure = {.text = ""};
    Checkpoint checkpoint;
    Transformer transformer;
    Sampler sampler;
    check(checkpoint_open(&checkpoint, words[1], &failure), &failure);
    if (!checkpoint.expanded) return 2;  // its weights are to be written
    const char *kind = words[2];
    size_t where = strtoul(words[3], NULL, 10);
    int when = atoi(words[4]), steps = atoi(words[6]), prompt = count - 7;
    uint64_t seed = strtoull(words[5], NULL, 10) + (strcmp(kind, "seed") == 0);
    ModelConfig s = checkpoint.config;
    size_t dim = (size_t)s.dim, layers = (size_t)s.layers;
    check(transformer_init(&transformer, &checkpoint, s.context, &failure), &failure);
    check(sampler_init(&sampler, s.vocab, 1.0f, 0.9f, seed, &failure), &failure);
    if (strcmp(kind, "weight") == 0) ((float *)checkpoint.wq)[where % (layers * dim * dim)] += 4.0f;
    if (strcmp(kind, "row") == 0) {
        float *row = (float *)checkpoint.classifier + where % (size_t)s.vocab * dim;
        for (size_t i = 0; i < dim; i++) row[i] *= 1.2f;
    }
    int token = atoi(words[7]);
    for (int position = 0; position < steps && (position == 0 || token != 1); position++) {
        if (strcmp(kind, "bit") == 0 && position == when) {
            size_t kv = dim / (size_t)s.heads * (size_t)s.kv_heads;
            size_t layer = where % layers, past = where / layers % (size_t)when;
            size_t at = (layer * (size_t)s.context + past) * kv + where / layers % kv;
            flip((where & 1) ? &transformer.keys[at] : &transformer.values[at]);
        }
        float *logits = transformer_forward(&transformer, token, position, true);
        sampler_softmax(&sampler, logits);
        int next = position + 1 < prompt
                       ? atoi(words[8 + position])
                       : sampler_sample(&sampler, logits, sampler_random(&sampler.state));
        printf("%d %.9g\n", next, (double)sampler_probability(&sampler, logits, next));
        token = next;
    }
    transformer_free(&transformer);
    sampler_free(&sampler);
    checkpoint_close(&checkpoint);
    return 0;
}
