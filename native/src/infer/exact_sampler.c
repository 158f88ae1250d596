#include "infer/exact_sampler.h"

#include <math.h>
#include <stdlib.h>

#include "infer/sample_full.h"
#include "infer/sample_top_p.h"

// How far below the largest logit the first rows are taken, and how much further at each step, in
// units of the temperature.
static const float FIRST_REACH = 5.0f, NEXT_REACH = 2.0f;

// Each step takes in rows or refines some; only logits that are no numbers need as many.
enum { MOST_STEPS = 64 };

// The errors of four bits are hardly ever more than this share of their bound.
static const float LIKELY = 0.3f;

bool chooser_init(Chooser *c, const LmHead *head, const Simd *simd, float temperature, float topp,
                  Failure *failure) {
    size_t coded = (size_t)head->coded;
    *c = (Chooser){.head = head, .simd = simd, .temperature = temperature, .topp = topp};
    c->rows = malloc(coded * sizeof *c->rows);
    c->highs = malloc(coded * sizeof *c->highs);
    c->lows = malloc(coded * sizeof *c->lows);
    c->order = malloc(coded * sizeof *c->order);
    c->spare = malloc(coded * sizeof *c->spare);
    c->upper = malloc((size_t)head->tiles * TILE * sizeof *c->upper);
    c->peak = malloc((size_t)head->tiles * sizeof *c->peak);
    c->fine = malloc(TILE * (size_t)head->groups * (GROUP / 2));
    c->buffer = malloc((size_t)EXACT_ROWS * (size_t)head->dim * sizeof *c->buffer);
    const void *all[] = {c->rows, c->highs, c->lows,  c->order, c->spare,
                         c->upper, c->peak, c->fine, c->buffer};
    size_t there = 0, count = sizeof all / sizeof *all;
    for (size_t i = 0; i < count; i++) there += all[i] != NULL;
    if (there == count) return true;
    chooser_free(c);
    return fail(failure, EXIT_UNEXPECTED, "not enough memory to choose from %d tokens", head->coded);
}

void chooser_free(Chooser *c) {
    free(c->rows);
    free(c->highs);
    free(c->lows);
    free(c->order);
    free(c->spare);
    free(c->upper);
    free(c->peak);
    free(c->fine);
    free(c->buffer);
    *c = (Chooser){0};
}

// Without certainty asked for, the coin may fall among the rows that were not taken in.
static Outcome find_in_tail(Choice *choice, float coin, int32_t *id) {
    Chooser *c = choice->c;
    double all = choice->tail, target = 0.0;
    for (int32_t i = 0; i < choice->count; i++) all += c->rows[i].high;
    target = (double)coin * all - (all - choice->tail);
    *id = choice->count > 0 ? c->rows[choice->count - 1].id : c->head->ids[0];
    for (int32_t slot = 0; slot < c->head->coded && target > 0.0; slot++) {
        if (choice->value[slot] == -INFINITY) continue;
        target -= (double)expf((choice->value[slot] - choice->most) / c->temperature);
        *id = c->head->ids[slot];
    }
    return CHOSEN;
}

static Outcome sample(Choice *choice, float least, float coin, int32_t *found, int32_t *id) {
    Chooser *c = choice->c;
    bool nucleus = c->topp > 0.0f && c->topp < 1.0f;
    float step = NEXT_REACH * c->temperature;
    if (!choice_settle(choice, least, true)) return choice->unreadable ? UNREADABLE : OPEN;
    choice->peak = choice->most / c->temperature;
    choice_extend(choice, choice->most - FIRST_REACH * c->temperature);
    bool extended = true;
    for (int step_count = 0; step_count < MOST_STEPS; step_count++) {
        if (choice->unreadable) return UNREADABLE;
        choice_weigh(choice, extended);
        extended = false;
        Finding finding = nucleus ? find_in_nucleus(choice, coin, found)
                                  : find_in_all(choice, coin, found);
        if (finding == FOUND) {
            *id = c->rows[*found].id;
            return CHOSEN;
        }
        if (finding == UNDECIDED) break;
        if (!c->certify && !nucleus) return find_in_tail(choice, coin, id);
        bool wide = choice->others > choice->doubt / 4;
        if (c->certify && finding == REFINE && !wide && choice_refine(choice)) continue;
        if (choice->costly) break;
        if (choice->count < c->head->coded && (wide || finding == EXTEND)) {
            int32_t before = choice->count;
            choice_extend(choice, choice->reach - step);
            // where few are near, the next ones are far: look further each time
            if (choice->count < 2 * before) step *= 1.5f;
            extended = true;
        } else if (!c->certify || !choice_refine(choice)) {
            break;
        }
    }
    if (c->certify || choice->count == 0) return OPEN;
    *found = choice->count - 1;  // the sums were rounded to less than the coin
    *id = c->rows[*found].id;
    return CHOSEN;
}

// Of equal ones llama2.c takes the first.
static Outcome greedy(Choice *choice, float least, int32_t *found) {
    Chooser *c = choice->c;
    bool settled = choice_settle(choice, least, false);
    if (choice->unreadable) return UNREADABLE;
    if (!settled) return OPEN;
    *found = -1;
    for (int32_t i = 0; i < choice->count; i++) {
        const Row *row = &c->rows[i], *best = *found < 0 ? NULL : &c->rows[*found];
        if (c->certify && !row_reaches(row, (double)choice->most)) continue;
        if (!best || row->value > best->value || (row->value == best->value && row->id < best->id)) {
            *found = i;
        }
    }
    return *found < 0 ? OPEN : CHOSEN;
}

// The bounds of what the collapsed rows have in common.
static void bound_collapsed(Choice *choice) {
    const Chooser *c = choice->c;
    const LmHead *head = c->head;
    choice->collapsed = choice->collapsed_least = -INFINITY;
    if (head->coded == head->vocab) return;
    float centre = c->simd->dot(head->centre, choice->input->x, head->dim);
    float slack = fabsf(centre) * 1e-5f + 1e-5f * choice->input->length;
    float wide = c->certify ? head->radius * choice->input->length + slack : 0.0f;
    choice->collapsed = centre + wide;
    choice->collapsed_least = centre - wide;
}

// In how far the token stands out, by the likeliest values of all the logits.
static float share_of(const Choice *choice, float logit) {
    const Chooser *c = choice->c;
    float scale = c->temperature > 0.0f ? 1.0f / c->temperature : 1.0f, most = logit;
    for (int32_t i = 0; i < choice->count; i++) most = fmaxf(most, c->rows[i].value);
    for (int32_t i = 0; i < c->head->coded; i++) most = fmaxf(most, choice->value[i]);
    double all = (double)c->simd->sum_exp(choice->value, most, scale, c->head->coded);
    for (int32_t i = 0; i < choice->count; i++) {
        all += (double)expf((c->rows[i].value - most) * scale);
    }
    int32_t left = c->head->vocab - c->head->coded;
    if (left > 0) all += left * (double)expf((choice->collapsed - most) * scale);
    return (float)((double)expf((logit - most) * scale) / all);
}

// Bound all the rows. What the largest of them is at least.
static float begin(Choice *choice, Chooser *c, const LmHeadInput *input, float *value) {
    *choice = (Choice){.c = c, .input = input, .value = value};
    LmHeadInput likely = *input;
    if (!c->certify) {
        likely.length *= LIKELY;
        likely.rounding *= LIKELY;
    }
    bound_collapsed(choice);
    return lm_head_bounds(c->head, c->simd, &likely, value, c->upper, c->peak);
}

Outcome choose(Chooser *c, const LmHeadInput *input, float *value, float coin, int32_t *id,
               float *probability) {
    Choice choice;
    float least = begin(&choice, c, input, value);
    c->counters.screened += (uint64_t)c->head->coded;
    c->counters.bounded += (uint64_t)(c->head->vocab - c->head->coded);
    c->counters.choices++;

    int32_t found = -1;
    Outcome outcome;
    if (c->temperature == 0.0f) {
        outcome = greedy(&choice, least, &found);
        if (outcome == CHOSEN) *id = c->rows[found].id;
    } else {
        outcome = sample(&choice, least, coin, &found, id);
    }
    if (outcome == OPEN) c->counters.open++;
    if (outcome == CHOSEN && probability) {
        *probability = found < 0 ? NAN : share_of(&choice, c->rows[found].value);
    }
    return outcome;
}

float chooser_probability(Chooser *c, const LmHeadInput *input, float *value, int32_t id, bool all) {
    Choice choice;
    begin(&choice, c, input, value);
    int32_t slot = c->head->slots[id];
    float logit = choice.collapsed;
    if (slot < c->head->coded) {
        choice_add(&choice, slot);
        if (choice.count > 0) logit = c->rows[0].value;
    }
    if (all) choice_extend(&choice, -INFINITY);
    return choice.unreadable ? NAN : share_of(&choice, logit);
}
