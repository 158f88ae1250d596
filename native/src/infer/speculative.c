#include "infer/speculative.h"

#include <math.h>
#include <stdlib.h>

#include "kernels/ops_f32.h"
#include "infer/quant_transformer.h"
#include "infer/sampler.h"

enum { BOS = 1, MOST_DRAFTS = 7 };

// What verifying one more token costs, as a share of what it costs to read the weights: counted.
static const double EACH = 0.2;


struct Narrator {
    const Packed *packed;
    Narration narration;
    Layers layers;
    Sampler sampler;         // and the random numbers' state
    LmHead likeliest;          // what drafts are chosen from
    Chooser chooser, hasty;  // hasty chooses drafts
    int32_t *tokens;         // (steps + 1) the prompt, then what was told
    float *probabilities;    // (steps + 1)
    int32_t decided;         // of tokens
    int32_t given;           // of tokens, to the caller
    int32_t run;             // of tokens, by the layers
    int32_t prompt;          // of tokens
    float *value;            // (MOST_DRAFTS + 1, tiles * TILE) products of the classifier
    float *logits;           // (vocab) and
    float *rows;             // (ROWS, dim): where a choice needed all of them
    double agreement;        // share of the drafts that are told, of late
    int32_t undrafted;       // cycles since a draft was tried
    Effort effort;
};

static bool init(Narrator *n, const int32_t *prompt, int32_t count, Failure *failure) {
    const Packed *p = n->packed;
    Narration *s = &n->narration;
    n->likeliest = lm_head_draft_subset(&p->head);
    if (!layers_init(&n->layers, p, s->simd, !s->exact, s->steps, failure) ||
        !chooser_init(&n->chooser, &p->head, s->simd, s->temperature, s->topp, failure) ||
        !chooser_init(&n->hasty, &n->likeliest, s->simd, s->temperature, s->topp, failure)) {
        return false;
    }
    n->chooser.certify = s->exact;
    n->sampler = (Sampler){p->config.vocab, s->temperature, s->topp, s->seed, NULL};
    int32_t room = (s->steps > count ? s->steps : count) + 1;
    n->tokens = malloc((size_t)room * sizeof *n->tokens);
    n->probabilities = malloc((size_t)room * sizeof *n->probabilities);
    size_t slots = (size_t)p->head.tiles * TILE;
    n->value = malloc((MOST_DRAFTS + 1) * slots * sizeof *n->value);
    if (!n->tokens || !n->probabilities || !n->value) {
        return fail(failure, EXIT_UNEXPECTED, "not enough memory to tell a story");
    }
    for (int32_t i = 0; i < room; i++) n->probabilities[i] = NAN;
    for (int32_t i = 0; i < count; i++) n->tokens[i] = prompt[i];
    n->prompt = n->decided = count;
    n->given = 1;
    n->agreement = 0.9;
    return true;
}

Narrator *narrator_new(const Packed *packed, Narration narration, const int32_t *prompt,
                       int32_t count, Failure *failure) {
    Narrator *n = calloc(1, sizeof *n);
    if (!n) {
        fail(failure, EXIT_UNEXPECTED, "not enough memory to tell a story");
        return NULL;
    }
    n->packed = packed;
    n->narration = narration;
    if (init(n, prompt, count, failure)) return n;
    narrator_free(n);
    return NULL;
}

void narrator_free(Narrator *n) {
    if (!n) return;
    layers_free(&n->layers);
    sampler_free(&n->sampler);
    chooser_free(&n->chooser);
    chooser_free(&n->hasty);
    free(n->tokens);
    free(n->probabilities);
    free(n->value);
    free(n->logits);
    free(n->rows);
    free(n);
}

// Products of the four bits of `head` with the `count` vectors that the layers left.
static void screen(Narrator *n, const LmHead *head, LmHeadInput *inputs, int32_t count) {
    for (int32_t t = 0; t < count; t++) {
        inputs[t].x = n->layers.normed + t * n->layers.stride;  // lives until the layers run again
        inputs[t].quantised = n->layers.quantised[t];
        lm_head_prepare(head, n->narration.simd, &inputs[t]);
    }
    int64_t slots = (int64_t)head->tiles * TILE;
    n->narration.simd->matmul_int4(n->value, slots, head->coarse, head->tiles, head->groups,
                              n->layers.quantised, count);
    uint64_t factors = 2 * (uint64_t)slots * sizeof(float) * (uint64_t)count;
    uint64_t vectors = ANCHORS + (head->coded < head->vocab);
    n->effort.head_bytes += (uint64_t)slots * (uint64_t)head->groups * (GROUP / 2) + factors +
                            vectors * (uint64_t)head->dim * sizeof(float);
}

static bool unreadable(Failure *failure) {
    return fail(failure, EXIT_UNEXPECTED,
                "the model's file can no longer be read; check the card, or fetch it again");
}

static Precision precision_of(const Narrator *n) { return n->narration.exact ? PRECISE : DRAFT; }

// Run all of the prompt but its last token, a batch at a time.
static bool read_prompt(Narrator *n, Failure *failure) {
    int32_t last = n->prompt - 1 < n->narration.steps ? n->prompt - 1 : n->narration.steps;
    while (n->run < last) {
        int32_t most = n->narration.prefill < BATCH ? n->narration.prefill : BATCH;
        if (n->narration.probabilities && most > MOST_DRAFTS + 1) most = MOST_DRAFTS + 1;
        int32_t count = last - n->run < most ? last - n->run : most;
        if (!layers_run(&n->layers, precision_of(n), n->tokens + n->run, count, n->run, failure)) {
            return false;
        }
        if (n->narration.probabilities) {
            LmHeadInput inputs[MOST_DRAFTS + 1];
            screen(n, &n->packed->head, inputs, count);
            for (int32_t t = 0; t < count; t++) {
                float *value = n->value + (int64_t)t * n->packed->head.tiles * TILE;
                int32_t id = n->tokens[n->run + t + 1];
                n->probabilities[n->run + t + 1] =
                    chooser_probability(&n->chooser, &inputs[t], value, id, false);
            }
        }
        n->run += count;
    }
    n->layers.bytes = 0;  // what is counted is decoding
    n->effort.head_bytes = 0;
    return true;
}

// How many drafts give the most tokens for each byte that is read: k drafts and one verification
// yield 1 + a + ... + a^k tokens, where a is the share of drafts that agree.
static int32_t plan_drafts(Narrator *n) {
    const Packed *p = n->packed;
    double draft = (double)(p->sections[SECTION_HIGH].size + p->sections[SECTION_HEAD_COARSE].size +
                            p->sections[SECTION_HEAD_FACTORS].size);
    double verify = draft;
    for (int kind = SECTION_MIDDLE; kind <= SECTION_PATCH; kind++) {
        verify += (double)p->sections[kind].size;
    }
    draft -= (double)(p->sections[SECTION_HEAD_COARSE].size) *
             (1.0 - (double)n->likeliest.coded / (double)p->head.coded);
    int32_t most = n->narration.drafts < MOST_DRAFTS ? n->narration.drafts : MOST_DRAFTS, best = 0;
    double best_rate = 1.0 / verify, tokens = 1.0, share = 1.0;
    for (int32_t k = 1; k <= most; k++) {
        share *= n->agreement;
        tokens += share;
        double rate = tokens / (k * draft + verify * (1.0 + EACH * k));
        if (rate > best_rate) {
            best_rate = rate;
            best = k;
        }
    }
    // A model whose drafts are of no use is asked now and then whether that has changed.
    if (best == 0 && most > 0 && ++n->undrafted % 16 == 0) best = 1;
    return best;
}

static float coin_of(const Narrator *n, uint64_t *state) {
    return n->narration.temperature == 0.0f ? 0.0f : sampler_flip(state);
}

// Up to `count` tokens that may follow tokens[run], into `drafts`; their number.
static bool draft(Narrator *n, int32_t *drafts, int32_t *count, Failure *failure) {
    uint64_t state = n->sampler.state;
    int32_t token = n->tokens[n->run];
    for (int32_t i = 0; i < *count; i++) {
        if (!layers_run(&n->layers, DRAFT, &token, 1, n->run + i, failure)) return false;
        LmHeadInput input;
        screen(n, &n->likeliest, &input, 1);
        Outcome outcome = choose(&n->hasty, &input, n->value, coin_of(n, &state), &token, NULL);
        if (outcome == UNREADABLE) return unreadable(failure);
        if (outcome == OPEN || token == BOS) {
            *count = i;
            return true;
        }
        drafts[i] = token;
    }
    return true;
}

enum { ROWS = 256 };  // of the classifier at a time

// What llama2.c's sampler says of x (dim) from all the logits: they are its own, to the bit.
static bool choose_from_all(Narrator *n, const float *x, float coin, int32_t *id,
                            float *probability, Failure *failure) {
    const LmHead *head = &n->packed->head;
    size_t row = (size_t)head->dim * sizeof *n->rows;
    if (!n->logits) {
        n->logits = malloc((size_t)head->vocab * sizeof *n->logits);
        n->rows = malloc(ROWS * row);
        if (!n->logits || !n->rows ||
            !sampler_init(&n->sampler, head->vocab, n->narration.temperature, n->narration.topp,
                          n->sampler.state, failure)) {
            return fail(failure, EXIT_UNEXPECTED, "not enough memory to decide a close choice");
        }
    }
    float products[ROWS];
    for (int32_t first = 0; first < head->vocab; first += ROWS) {
        int32_t count = head->vocab - first < ROWS ? head->vocab - first : ROWS;
        const float *w = file_view_read(&head->rows, (uint64_t)first * row, (size_t)count * row, n->rows);
        if (!w) return unreadable(failure);
        matmul(products, w, head->dim, x, count, head->dim);
        for (int32_t i = 0; i < count; i++) n->logits[head->ids[first + i]] = products[i];
    }
    n->effort.head_bytes += (uint64_t)head->vocab * row;
    sampler_soften(&n->sampler, n->logits);
    *id = sampler_pick(&n->sampler, n->logits, coin);
    if (probability) *probability = sampler_probability(&n->sampler, n->logits, *id);
    return true;
}

// Decide at least one more token: run what is decided and not yet run, and the drafts after it.
static bool decide(Narrator *n, Failure *failure) {
    int32_t batch[MOST_DRAFTS + 1], count = 0, most = n->narration.steps - n->run - 1;
    if (n->narration.exact) {
        count = plan_drafts(n);
        if (count > most) count = most;
        if (!draft(n, batch + 1, &count, failure)) return false;
    }
    batch[0] = n->tokens[n->run];
    if (!layers_run(&n->layers, precision_of(n), batch, count + 1, n->run, failure)) return false;
    LmHeadInput inputs[MOST_DRAFTS + 1];
    screen(n, &n->packed->head, inputs, count + 1);

    int32_t agreed = 0;
    for (int32_t t = 0; t <= count; t++) {
        float *value = n->value + (int64_t)t * n->packed->head.tiles * TILE;
        float coin = coin_of(n, &n->sampler.state), *probability = NULL;
        if (n->narration.probabilities) probability = &n->probabilities[n->decided];
        int32_t id = BOS;
        Outcome outcome = choose(&n->chooser, &inputs[t], value, coin, &id, probability);
        if (outcome == UNREADABLE) return unreadable(failure);
        if (outcome == OPEN && n->narration.exact &&
            !choose_from_all(n, inputs[t].x, coin, &id, probability, failure)) {
            return false;
        }
        n->tokens[n->decided++] = id;
        n->run++;
        n->effort.tokens++;
        if (t == count || id != batch[t + 1]) break;
        agreed++;
    }
    n->effort.drafted += (uint64_t)count;
    n->effort.agreed += (uint64_t)agreed;
    if (count > 0) {
        // a draft after the first that was wrong says nothing
        int32_t tried = agreed < count ? agreed + 1 : count;
        n->agreement += 0.05 * (agreed - n->agreement * tried);
    }
    return true;
}

bool narrator_next(Narrator *n, int32_t *id, float *probability, Failure *failure) {
    if (n->run < n->prompt - 1 && !read_prompt(n, failure)) return false;
    if (n->given == n->decided && !decide(n, failure)) return false;
    *id = n->tokens[n->given];
    if (probability) *probability = n->probabilities[n->given];
    n->given++;
    return true;
}

Effort narrator_effort(const Narrator *n) {
    Effort effort = n->effort;
    effort.layer_bytes = n->layers.bytes;
    effort.head_bytes += n->chooser.counters.bytes + n->hasty.counters.bytes;
    effort.counters = n->chooser.counters;
    return effort;
}
