#include "infer/scorer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool scorer_init(Scorer *s, Model *model, Mode mode, float temperature, Failure *failure) {
    int32_t context = model->config.context;
    *s = (Scorer){
        .config = model->config,
        .temperature = temperature > 0.0f ? temperature : 1.0f,
        .precision = mode == MODE_EXACT ? PRECISION_FP32 : PRECISION_INT8,
    };
    if (mode == MODE_REFERENCE) {
        const Checkpoint *checkpoint = model_checkpoint(model, failure);
        return checkpoint && transformer_init(&s->transformer, checkpoint, context, failure);
    }
    const Packed *p = model_packed(model, mode, failure);
    const Simd *simd = simd_choose(NULL);
    if (!p || !quant_transformer_init(&s->quant, p, simd, mode == MODE_FAST, context, failure) ||
        !exact_sampler_init(&s->greedy, &p->head, simd, 0.0f, 0.0f, failure) ||
        !exact_sampler_init(&s->sampler, &p->head, simd, s->temperature, 0.0f, failure)) {
        return false;
    }
    s->greedy.certify = mode == MODE_EXACT;
    s->value = malloc(2 * (size_t)p->head.tiles * TILE * sizeof *s->value);
    return s->value || fail(failure, EXIT_UNEXPECTED, "not enough memory to score a story");
}

void scorer_free(Scorer *s) {
    transformer_free(&s->transformer);
    quant_transformer_free(&s->quant);
    exact_sampler_free(&s->greedy);
    exact_sampler_free(&s->sampler);
    free(s->value);
}

// A copy of the last step's products, because sampling overwrites them.
static float *copy_values(Scorer *s) {
    const LmHead *head = &s->quant.packed->head;
    size_t slots = (size_t)head->tiles * TILE;
    memcpy(s->value + slots, s->value, slots * sizeof *s->value);
    return s->value + slots;
}

static void softmax_all(Scorer *s, int32_t *likeliest) {
    const float *logits = s->logits;
    *likeliest = 0;
    for (int32_t i = 1; i < s->config.vocab; i++) {
        if (logits[i] > logits[*likeliest]) *likeliest = i;
    }
    s->largest = logits[*likeliest];
    s->sum_exp = 0.0;
    for (int32_t i = 0; i < s->config.vocab; i++) {
        s->sum_exp += exp((double)(logits[i] - s->largest) / (double)s->temperature);
    }
}

bool scorer_step(Scorer *s, int32_t token, int32_t position, int32_t *likeliest, Failure *failure) {
    if (s->transformer.memory) {
        s->logits = transformer_forward(&s->transformer, token, position, true);
        softmax_all(s, likeliest);
        return true;
    }
    QuantTransformer *l = &s->quant;
    const LmHead *head = &l->packed->head;
    if (!quant_transformer_forward(l, s->precision, &token, 1, position, failure)) return false;
    s->input = (LmHeadInput){.x = l->normed, .quantised = l->quantised[0]};
    lm_head_prepare(head, l->simd, &s->input);
    l->simd->matmul_int4(s->value, (int64_t)head->tiles * TILE, head->coarse, head->tiles,
                         head->groups, l->quantised, 1);
    *likeliest = 0;
    SampleStatus status =
        exact_sampler_sample(&s->greedy, &s->input, copy_values(s), 0.0f, likeliest, NULL);
    if (status == SAMPLE_UNDECIDABLE) *likeliest = head->ids[0];  // only with NaN logits
    return true;
}

double scorer_nats(Scorer *s, int32_t id) {
    if (s->transformer.memory) {
        return log(s->sum_exp) - (double)(s->logits[id] - s->largest) / (double)s->temperature;
    }
    return -log(
        (double)exact_sampler_probability(&s->sampler, &s->input, copy_values(s), id, true));
}
