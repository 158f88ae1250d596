// Finds what sampler.c would sample from all logits in fp32, from bounds of the logits:
//   1. bound every row by its 4-bit product and the norm of its quantisation error;
//   2. read in 8 bits the rows that may matter, in fp32 those that may be the largest;
//   3. search for the random draw with upper and lower weights (sample_top_p.c, sample_full.c);
//   4. until the result is certain, add rows or read uncertain ones in fp32.
// Mode fast skips the proofs (`certify` is false) and trusts the estimates.
#include "infer/exact_sampler.h"

#include <math.h>
#include <stdlib.h>

#include "infer/sample_full.h"
#include "infer/sample_top_p.h"

// Rows are added from this far below the largest logit, and further at each step, in units of the
// temperature.
static const float FIRST_REACH = 5.0f, NEXT_REACH = 2.0f;

// Each step adds or refines rows; only NaN logits need this many.
enum { MAX_STEPS = 64 };

// Errors of the 4-bit products rarely exceed this share of their bound.
static const float LIKELY = 0.3f;

bool exact_sampler_init(ExactSampler *s, const LmHead *head, const Simd *simd, float temperature,
                        float topp, Failure *failure) {
    size_t coded = (size_t)head->coded;
    *s = (ExactSampler){.head = head, .simd = simd, .temperature = temperature, .topp = topp};
    s->rows = malloc(coded * sizeof *s->rows);
    s->highs = malloc(coded * sizeof *s->highs);
    s->lows = malloc(coded * sizeof *s->lows);
    s->order = malloc(coded * sizeof *s->order);
    s->spare = malloc(coded * sizeof *s->spare);
    s->upper = malloc((size_t)head->tiles * TILE * sizeof *s->upper);
    s->peak = malloc((size_t)head->tiles * sizeof *s->peak);
    s->fine = malloc(TILE * (size_t)head->groups * (GROUP / 2));
    s->buffer = malloc((size_t)EXACT_ROWS * (size_t)head->dim * sizeof *s->buffer);
    const void *all[] = {s->rows,  s->highs, s->lows, s->order, s->spare,
                         s->upper, s->peak,  s->fine, s->buffer};
    size_t there = 0, count = sizeof all / sizeof *all;
    for (size_t i = 0; i < count; i++) there += all[i] != NULL;
    if (there == count) return true;
    exact_sampler_free(s);
    return fail(failure, EXIT_UNEXPECTED, "not enough memory to choose from %d tokens",
                head->coded);
}

void exact_sampler_free(ExactSampler *s) {
    free(s->rows);
    free(s->highs);
    free(s->lows);
    free(s->order);
    free(s->spare);
    free(s->upper);
    free(s->peak);
    free(s->fine);
    free(s->buffer);
    *s = (ExactSampler){0};
}

// Mode fast: the random draw may select a row that was not added.
static SampleStatus sample_tail(Candidates *c, float coin, int32_t *id) {
    ExactSampler *s = c->sampler;
    double all = c->tail, target = 0.0;
    for (int32_t i = 0; i < c->count; i++) all += s->rows[i].high;
    target = (double)coin * all - (all - c->tail);
    *id = c->count > 0 ? s->rows[c->count - 1].id : s->head->ids[0];
    for (int32_t slot = 0; slot < s->head->coded && target > 0.0; slot++) {
        if (c->value[slot] == -INFINITY) continue;
        target -= (double)expf((c->value[slot] - c->max_logit) / s->temperature);
        *id = s->head->ids[slot];
    }
    return SAMPLED;
}

static SampleStatus sample_random(Candidates *c, float lower, float coin, int32_t *found,
                                  int32_t *id) {
    ExactSampler *s = c->sampler;
    bool nucleus = s->topp > 0.0f && s->topp < 1.0f;
    float step = NEXT_REACH * s->temperature;
    if (!candidates_settle(c, lower, true)) {
        return c->unreadable ? SAMPLE_UNREADABLE : SAMPLE_UNDECIDABLE;
    }
    c->peak = c->max_logit / s->temperature;
    candidates_extend(c, c->max_logit - FIRST_REACH * s->temperature);
    bool extended = true;
    for (int step_count = 0; step_count < MAX_STEPS; step_count++) {
        if (c->unreadable) return SAMPLE_UNREADABLE;
        candidates_weigh(c, extended);
        extended = false;
        SearchStatus search = nucleus ? sample_top_p(c, coin, found) : sample_full(c, coin, found);
        if (search == SEARCH_FOUND) {
            *id = s->rows[*found].id;
            return SAMPLED;
        }
        if (search == SEARCH_UNDECIDABLE) break;
        if (!s->certify && !nucleus) return sample_tail(c, coin, id);
        bool wide = c->others > c->doubt / 4;
        if (s->certify && search == SEARCH_REFINE && !wide && candidates_refine(c)) continue;
        if (c->costly) break;
        if (c->count < s->head->coded && (wide || search == SEARCH_EXTEND)) {
            int32_t before = c->count;
            candidates_extend(c, c->reach - step);
            // few rows were near: look further each time
            if (c->count < 2 * before) step *= 1.5f;
            extended = true;
        } else if (!s->certify || !candidates_refine(c)) {
            break;
        }
    }
    if (s->certify || c->count == 0) return SAMPLE_UNDECIDABLE;
    *found = c->count - 1;  // the rounded sum is below the draw
    *id = s->rows[*found].id;
    return SAMPLED;
}

// argmax; of equal logits the first, as in llama2.c.
static SampleStatus sample_greedy(Candidates *c, float lower, int32_t *found) {
    ExactSampler *s = c->sampler;
    bool settled = candidates_settle(c, lower, false);
    if (c->unreadable) return SAMPLE_UNREADABLE;
    if (!settled) return SAMPLE_UNDECIDABLE;
    *found = -1;
    float second = -INFINITY;
    for (int32_t i = 0; i < c->count; i++) {
        const Candidate *row = &s->rows[i], *best = *found < 0 ? NULL : &s->rows[*found];
        if (s->certify && !candidate_reaches(row, (double)c->max_logit)) continue;
        if (!best || row->value > best->value ||
            (row->value == best->value && row->id < best->id)) {
            if (best) second = best->value;
            *found = i;
        } else {
            second = fmaxf(second, row->value);
        }
    }
    // What is left of two equal weights' interval, were they drawn from; see candidates_margin().
    if (*found >= 0) s->margin = (s->rows[*found].value - second) / 2.0f;
    return *found < 0 ? SAMPLE_UNDECIDABLE : SAMPLED;
}

// Bound the logits of the collapsed rows, by the product with their centre.
static void bound_collapsed(Candidates *c) {
    const ExactSampler *s = c->sampler;
    const LmHead *head = s->head;
    c->collapsed = c->collapsed_least = -INFINITY;
    if (head->coded == head->vocab) return;
    float centre = s->simd->dot(head->centre, c->input->x, head->dim);
    float slack = fabsf(centre) * 1e-5f + 1e-5f * c->input->length;
    float wide = s->certify ? head->radius * c->input->length + slack : 0.0f;
    c->collapsed = centre + wide;
    c->collapsed_least = centre - wide;
}

// The probability of a token with this logit, from the estimates of all logits.
static float probability_of(const Candidates *c, float logit) {
    const ExactSampler *s = c->sampler;
    float scale = s->temperature > 0.0f ? 1.0f / s->temperature : 1.0f, max_logit = logit;
    for (int32_t i = 0; i < c->count; i++) max_logit = fmaxf(max_logit, s->rows[i].value);
    for (int32_t i = 0; i < s->head->coded; i++) max_logit = fmaxf(max_logit, c->value[i]);
    double all = (double)s->simd->sum_exp(c->value, max_logit, scale, s->head->coded);
    for (int32_t i = 0; i < c->count; i++) {
        all += (double)expf((s->rows[i].value - max_logit) * scale);
    }
    int32_t left = s->head->vocab - s->head->coded;
    if (left > 0) all += left * (double)expf((c->collapsed - max_logit) * scale);
    return (float)((double)expf((logit - max_logit) * scale) / all);
}

// Bound all rows. Returns a lower bound of the largest logit.
static float bound_rows(Candidates *c, ExactSampler *s, const LmHeadInput *input, float *value) {
    *c = (Candidates){.sampler = s, .input = input, .value = value};
    LmHeadInput likely = *input;
    if (!s->certify) {
        likely.length *= LIKELY;
        likely.rounding *= LIKELY;
    }
    bound_collapsed(c);
    return lm_head_bounds(s->head, s->simd, &likely, value, s->upper, s->peak);
}

SampleStatus exact_sampler_sample(ExactSampler *s, const LmHeadInput *input, float *value,
                                  float coin, int32_t *id, float *probability) {
    Candidates c;
    float lower = bound_rows(&c, s, input, value);
    s->counters.screened += (uint64_t)s->head->coded;
    s->counters.bounded += (uint64_t)(s->head->vocab - s->head->coded);
    s->counters.samples++;

    int32_t found = -1;
    SampleStatus status;
    s->margin = 0.0f;
    if (s->temperature == 0.0f) {
        status = sample_greedy(&c, lower, &found);
        if (status == SAMPLED) *id = s->rows[found].id;
    } else {
        status = sample_random(&c, lower, coin, &found, id);
    }
    if (status == SAMPLE_UNDECIDABLE) s->counters.undecidable++;
    if (status == SAMPLED && probability) {
        *probability = found < 0 ? NAN : probability_of(&c, s->rows[found].value);
    }
    return status;
}

float exact_sampler_probability(ExactSampler *s, const LmHeadInput *input, float *value, int32_t id,
                                bool all) {
    Candidates c;
    bound_rows(&c, s, input, value);
    int32_t slot = s->head->slots[id];
    float logit = c.collapsed;
    if (slot < s->head->coded) {
        candidates_add(&c, slot);
        if (c.count > 0) logit = s->rows[0].value;
    }
    if (all) candidates_extend(&c, -INFINITY);
    return c.unreadable ? NAN : probability_of(&c, logit);
}
