#include "infer/scorer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool scorer_init(Scorer *s, Model *model, Mode mode, float temperature, Failure *failure) {
    int32_t context = model->config.context;
    *s = (Scorer){
        .config = model->config,
        .temperature = temperature > 0.0f ? temperature : 1.0f,
        .precision = mode == MODE_EXACT ? PRECISE : DRAFT,
    };
    if (mode == MODE_REFERENCE) {
        const Checkpoint *checkpoint = model_checkpoint(model, failure);
        return checkpoint && transformer_init(&s->transformer, checkpoint, context, failure);
    }
    const Packed *p = model_packed(model, mode, failure);
    const Simd *simd = simd_choose(NULL);
    if (!p || !layers_init(&s->layers, p, simd, mode == MODE_FAST, context, failure) ||
        !chooser_init(&s->greedy, &p->head, simd, 0.0f, 0.0f, failure) ||
        !chooser_init(&s->even, &p->head, simd, s->temperature, 0.0f, failure)) {
        return false;
    }
    s->greedy.certify = mode == MODE_EXACT;
    s->value = malloc(2 * (size_t)p->head.tiles * TILE * sizeof *s->value);
    return s->value || fail(failure, EXIT_UNEXPECTED, "not enough memory to score a story");
}

void scorer_free(Scorer *s) {
    transformer_free(&s->transformer);
    layers_free(&s->layers);
    chooser_free(&s->greedy);
    chooser_free(&s->even);
    free(s->value);
}

// Where the last step's values are kept while a chooser changes their copy.
static float *copy_of_values(Scorer *s) {
    const LmHead *head = &s->layers.packed->head;
    size_t slots = (size_t)head->tiles * TILE;
    memcpy(s->value + slots, s->value, slots * sizeof *s->value);
    return s->value + slots;
}

static void weigh_all(Scorer *s, int32_t *likeliest) {
    const float *logits = s->logits;
    *likeliest = 0;
    for (int32_t i = 1; i < s->config.vocab; i++) {
        if (logits[i] > logits[*likeliest]) *likeliest = i;
    }
    s->largest = logits[*likeliest];
    s->mass = 0.0;
    for (int32_t i = 0; i < s->config.vocab; i++) {
        s->mass += exp((double)(logits[i] - s->largest) / (double)s->temperature);
    }
}

bool scorer_step(Scorer *s, int32_t token, int32_t position, int32_t *likeliest,
                 Failure *failure) {
    if (s->transformer.memory) {
        s->logits = transformer_step(&s->transformer, token, position, true);
        weigh_all(s, likeliest);
        return true;
    }
    Layers *l = &s->layers;
    const LmHead *head = &l->packed->head;
    if (!layers_run(l, s->precision, &token, 1, position, failure)) return false;
    s->input = (LmHeadInput){.x = l->normed, .quantised = l->quantised[0]};
    lm_head_prepare(head, l->simd, &s->input);
    l->simd->matmul_int4(s->value, (int64_t)head->tiles * TILE, head->coarse, head->tiles, head->groups,
                    l->quantised, 1);
    *likeliest = 0;
    Outcome outcome = choose(&s->greedy, &s->input, copy_of_values(s), 0.0f, likeliest, NULL);
    if (outcome == OPEN) *likeliest = head->ids[0];  // only where logits are no numbers
    return true;
}

double scorer_nats(Scorer *s, int32_t id) {
    if (s->transformer.memory) {
        return log(s->mass) - (double)(s->logits[id] - s->largest) / (double)s->temperature;
    }
    return -log((double)chooser_probability(&s->even, &s->input, copy_of_values(s), id, true));
}
