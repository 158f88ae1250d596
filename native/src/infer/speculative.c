// Speculative decoding as in Leviathan, Kalman and Matias 2023, with one difference: draft and
// target use the same random numbers, and a draft is accepted where both sample the same id. That
// needs no rejection sampling and keeps the ids of plain decoding. One round: draft k tokens one by
// one with the int8 plane, run k + 1 tokens in a batch in fp32, accept up to the first mismatch.
#include "infer/speculative.h"

#include <math.h>
#include <stdlib.h>

#include "infer/draft_policy.h"
#include "infer/quant_transformer.h"
#include "infer/sampler.h"
#include "kernels/ops_f32.h"

enum { BOS = 1 };

struct SpecDecoder {
    const Packed *packed;
    SpecOptions options;
    QuantTransformer transformer;
    Sampler sampler;                             // of all logits; holds the random state
    LmHead draft_head;                           // likeliest rows
    ExactSampler target_sampler, draft_sampler;  // paper's p and q
    int32_t *tokens;                             // (steps + 1) prompt, then output
    float *probabilities;                        // (steps + 1)
    int32_t known;                               // tokens: of the prompt, or verified
    int32_t returned;                            // tokens returned to the caller
    int32_t processed;                           // tokens in the KV cache
    int32_t prompt;                              // its tokens
    float *value;   // (MAX_DRAFTS + 1, tiles * TILE) products of the lm_head
    float *logits;  // (vocab), and
    float *rows;    // (ROWS, dim): for sample_from_all_logits()
    DraftPolicy policy;
    DecodeStats stats;
};

static double size_of(const Packed *p, SectionKind kind) { return (double)p->sections[kind].size; }

static void init_policy(SpecDecoder *d) {
    const Packed *p = d->packed;
    double head = size_of(p, SECTION_HEAD_COARSE) + size_of(p, SECTION_HEAD_FACTORS) / 2;
    double share = (double)d->draft_head.coded / (double)p->head.coded;
    draft_policy_init(&d->policy, size_of(p, SECTION_HIGH) + share * head,
                      size_of(p, SECTION_PLAIN) + head);
}

static bool init(SpecDecoder *d, const int32_t *prompt, int32_t count, Failure *failure) {
    const Packed *p = d->packed;
    SpecOptions *s = &d->options;
    d->draft_head = lm_head_draft_subset(&p->head);
    if (!quant_transformer_init(&d->transformer, p, s->simd, !s->exact, s->steps, failure) ||
        !exact_sampler_init(&d->target_sampler, &p->head, s->simd, s->temperature, s->topp,
                            failure) ||
        !exact_sampler_init(&d->draft_sampler, &d->draft_head, s->simd, s->temperature, s->topp,
                            failure)) {
        return false;
    }
    d->target_sampler.certify = s->exact;
    d->sampler = (Sampler){p->config.vocab, s->temperature, s->topp, s->seed, NULL};
    int32_t room = (s->steps > count ? s->steps : count) + 1;
    d->tokens = malloc((size_t)room * sizeof *d->tokens);
    d->probabilities = malloc((size_t)room * sizeof *d->probabilities);
    size_t slots = (size_t)p->head.tiles * TILE;
    d->value = malloc((MAX_DRAFTS + 1) * slots * sizeof *d->value);
    if (!d->tokens || !d->probabilities || !d->value) {
        return fail(failure, EXIT_UNEXPECTED, "not enough memory to tell a story");
    }
    for (int32_t i = 0; i < room; i++) d->probabilities[i] = NAN;
    for (int32_t i = 0; i < count; i++) d->tokens[i] = prompt[i];
    d->prompt = d->known = count;
    d->returned = 1;
    init_policy(d);
    return true;
}

SpecDecoder *spec_decoder_new(const Packed *packed, SpecOptions options, const int32_t *prompt,
                              int32_t count, Failure *failure) {
    SpecDecoder *d = calloc(1, sizeof *d);
    if (!d) {
        fail(failure, EXIT_UNEXPECTED, "not enough memory to tell a story");
        return NULL;
    }
    d->packed = packed;
    d->options = options;
    if (init(d, prompt, count, failure)) return d;
    spec_decoder_free(d);
    return NULL;
}

void spec_decoder_free(SpecDecoder *d) {
    if (!d) return;
    quant_transformer_free(&d->transformer);
    sampler_free(&d->sampler);
    exact_sampler_free(&d->target_sampler);
    exact_sampler_free(&d->draft_sampler);
    free(d->tokens);
    free(d->probabilities);
    free(d->value);
    free(d->logits);
    free(d->rows);
    free(d);
}

// value = the 4-bit rows of `head` @ the `count` outputs of the transformer; prepares `inputs`.
static void screen_rows(SpecDecoder *d, const LmHead *head, LmHeadInput *inputs, int32_t count) {
    for (int32_t t = 0; t < count; t++) {
        // Valid until the next forward pass.
        inputs[t].x = d->transformer.normed + t * d->transformer.stride;
        inputs[t].quantised = d->transformer.quantised[t];
        lm_head_prepare(head, d->options.simd, &inputs[t]);
    }
    int64_t slots = (int64_t)head->tiles * TILE;
    d->options.simd->matmul_int4(d->value, slots, head->coarse, head->tiles, head->groups,
                                 d->transformer.quantised, count);
    uint64_t factors = 2 * (uint64_t)slots * sizeof(float) * (uint64_t)count;
    uint64_t vectors = ANCHORS + (head->coded < head->vocab);
    d->stats.head_bytes += (uint64_t)slots * (uint64_t)head->groups * (GROUP / 2) + factors +
                           vectors * (uint64_t)head->dim * sizeof(float);
}

static bool fail_unreadable(Failure *failure) {
    return fail(failure, EXIT_UNEXPECTED,
                "the model's file can no longer be read; check the card, or fetch it again");
}

static Precision precision_of(const SpecDecoder *d) {
    return d->options.exact ? PRECISION_FP32 : PRECISION_INT8;
}

// Run all of the prompt but its last token, in batches.
static bool run_prefill(SpecDecoder *d, Failure *failure) {
    int32_t last = d->prompt - 1 < d->options.steps ? d->prompt - 1 : d->options.steps;
    while (d->processed < last) {
        int32_t most = d->options.prefill < BATCH ? d->options.prefill : BATCH;
        if (d->options.probabilities && most > MAX_DRAFTS + 1) most = MAX_DRAFTS + 1;
        int32_t count = last - d->processed < most ? last - d->processed : most;
        if (!quant_transformer_forward(&d->transformer, precision_of(d), d->tokens + d->processed,
                                       count, d->processed, failure)) {
            return false;
        }
        if (d->options.probabilities) {
            LmHeadInput inputs[MAX_DRAFTS + 1];
            screen_rows(d, &d->packed->head, inputs, count);
            for (int32_t t = 0; t < count; t++) {
                float *value = d->value + (int64_t)t * d->packed->head.tiles * TILE;
                int32_t id = d->tokens[d->processed + t + 1];
                d->probabilities[d->processed + t + 1] =
                    exact_sampler_probability(&d->target_sampler, &inputs[t], value, id, false);
            }
        }
        d->processed += count;
    }
    d->transformer.bytes = 0;  // count decoding only
    d->stats.head_bytes = 0;
    return true;
}

static float draw_coin(const SpecDecoder *d, uint64_t *state) {
    return d->options.temperature == 0.0f ? 0.0f : sampler_random(state);
}

// Sample drafts after tokens[processed] with the int8 plane, up to `most` and as long as they pay.
// *count gets their number.
static bool draft(SpecDecoder *d, int32_t *drafts, int32_t most, int32_t *count, Failure *failure) {
    uint64_t state = d->sampler.state;
    int32_t token = d->tokens[d->processed];
    *count = 0;
    for (bool wanted = draft_policy_begin(&d->policy) && most > 0; wanted;) {
        if (!quant_transformer_forward(&d->transformer, PRECISION_INT8, &token, 1,
                                       d->processed + *count, failure))
            return false;
        LmHeadInput input;
        screen_rows(d, &d->draft_head, &input, 1);
        SampleStatus status = exact_sampler_sample(&d->draft_sampler, &input, d->value,
                                                   draw_coin(d, &state), &token, NULL);
        if (status == SAMPLE_UNREADABLE) return fail_unreadable(failure);
        if (status == SAMPLE_UNDECIDABLE || token == BOS) return true;
        drafts[(*count)++] = token;
        wanted = draft_policy_add(&d->policy, d->draft_sampler.margin) && *count < most;
    }
    return true;
}

enum { ROWS = 256 };  // of the lm_head in one piece

// Sample with llama2.c's sampler from all logits of x (dim) in fp32, which are bit for bit its own.
static bool sample_from_all_logits(SpecDecoder *d, const float *x, float coin, int32_t *id,
                                   float *probability, Failure *failure) {
    const LmHead *head = &d->packed->head;
    size_t row = (size_t)head->dim * sizeof *d->rows;
    if (!d->logits) {
        d->logits = malloc((size_t)head->vocab * sizeof *d->logits);
        d->rows = malloc(ROWS * row);
        if (!d->logits || !d->rows ||
            !sampler_init(&d->sampler, head->vocab, d->options.temperature, d->options.topp,
                          d->sampler.state, failure)) {
            return fail(failure, EXIT_UNEXPECTED, "not enough memory to decide a close choice");
        }
    }
    float products[ROWS];
    for (int32_t first = 0; first < head->vocab; first += ROWS) {
        int32_t count = head->vocab - first < ROWS ? head->vocab - first : ROWS;
        const float *w =
            file_view_read(&head->rows, (uint64_t)first * row, (size_t)count * row, d->rows);
        if (!w) return fail_unreadable(failure);
        matmul(products, w, head->dim, x, count, head->dim);
        for (int32_t i = 0; i < count; i++) d->logits[head->ids[first + i]] = products[i];
    }
    d->stats.head_bytes += (uint64_t)head->vocab * row;
    sampler_softmax(&d->sampler, d->logits);
    *id = sampler_sample(&d->sampler, d->logits, coin);
    if (probability) *probability = sampler_probability(&d->sampler, d->logits, *id);
    return true;
}

// One round: draft, run the last token and the drafts in fp32, accept up to the first
// mismatch. At least one more token is known afterwards.
static bool verify(SpecDecoder *d, Failure *failure) {
    int32_t batch[MAX_DRAFTS + 1], count = 0, most = d->options.steps - d->processed - 1;
    if (d->options.exact) {
        if (most > d->options.drafts) most = d->options.drafts;
        if (!draft(d, batch + 1, most, &count, failure)) return false;
    }
    batch[0] = d->tokens[d->processed];
    if (!quant_transformer_forward(&d->transformer, precision_of(d), batch, count + 1, d->processed,
                                   failure))
        return false;
    LmHeadInput inputs[MAX_DRAFTS + 1];
    screen_rows(d, &d->packed->head, inputs, count + 1);

    int32_t accepted = 0;
    for (int32_t t = 0; t <= count; t++) {
        float *value = d->value + (int64_t)t * d->packed->head.tiles * TILE;
        float coin = draw_coin(d, &d->sampler.state), *probability = NULL;
        if (d->options.probabilities) probability = &d->probabilities[d->known];
        int32_t id = BOS;
        SampleStatus status =
            exact_sampler_sample(&d->target_sampler, &inputs[t], value, coin, &id, probability);
        if (status == SAMPLE_UNREADABLE) return fail_unreadable(failure);
        if (status == SAMPLE_UNDECIDABLE && d->options.exact &&
            !sample_from_all_logits(d, inputs[t].x, coin, &id, probability, failure)) {
            return false;
        }
        d->tokens[d->known++] = id;
        d->processed++;
        d->stats.tokens++;
        if (t == count || id != batch[t + 1]) break;
        accepted++;
    }
    d->stats.drafted += (uint64_t)count;
    d->stats.accepted += (uint64_t)accepted;
    draft_policy_end(&d->policy, accepted);
    return true;
}

bool spec_decoder_next(SpecDecoder *d, int32_t *id, float *probability, Failure *failure) {
    if (d->processed < d->prompt - 1 && !run_prefill(d, failure)) return false;
    if (d->returned == d->known && !verify(d, failure)) return false;
    *id = d->tokens[d->returned];
    if (probability) *probability = d->probabilities[d->returned];
    d->returned++;
    return true;
}

DecodeStats spec_decoder_stats(const SpecDecoder *d) {
    DecodeStats stats = d->stats;
    stats.layer_bytes = d->transformer.bytes;
    stats.head_bytes += d->target_sampler.counters.bytes + d->draft_sampler.counters.bytes;
    stats.counters = d->target_sampler.counters;
    return stats;
}
