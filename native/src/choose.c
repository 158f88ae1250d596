#include "choose.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"

static const double HALF_BIT = 1.0 / 16777216.0;

// How far below the largest logit the first rows are taken, and how much further at each step, in
// units of the temperature.
static const float FIRST_REACH = 5.0f, NEXT_REACH = 2.0f;

// Each step takes in rows or refines some; only logits that are no numbers need as many.
enum { MOST_STEPS = 64 };

// The errors of four bits are hardly ever more than this share of their bound.
static const float LIKELY = 0.3f;

bool chooser_init(Chooser *c, const Head *head, const Simd *simd, float temperature, float topp,
                  Failure *failure) {
    size_t told = (size_t)head->told;
    *c = (Chooser){.head = head, .simd = simd, .temperature = temperature, .topp = topp};
    c->rows = malloc(told * sizeof *c->rows);
    c->highs = malloc(told * sizeof *c->highs);
    c->lows = malloc(told * sizeof *c->lows);
    c->upper = malloc((size_t)head->tiles * TILE * sizeof *c->upper);
    c->peak = malloc((size_t)head->tiles * sizeof *c->peak);
    c->buffer = malloc((size_t)EXACT_ROWS * (size_t)head->dim * sizeof *c->buffer);
    if (c->rows && c->highs && c->lows && c->upper && c->peak && c->buffer) return true;
    chooser_free(c);
    return fail(failure, EXIT_UNEXPECTED, "not enough memory to choose from %d tokens", head->told);
}

void chooser_free(Chooser *c) {
    free(c->rows);
    free(c->highs);
    free(c->lows);
    free(c->upper);
    free(c->peak);
    free(c->buffer);
    *c = (Chooser){0};
}

static const double UNWEIGHED = -1.0;  // a row whose value is new

// exp(x), and a bound of what is lost on the way to x and in here.
static double weight_of(double x, float *slack) {
    *slack = 1e-5f + 2e-7f * fabsf((float)x);
    return (double)expf((float)x);
}

// A row in fp32 weighs what it does in llama2.c, whose divisions and differences these are.
static void weigh(const Choice *choice, Row *row) {
    const Chooser *c = choice->c;
    float scaled = row->value / c->temperature;
    row->low = row->high = (double)expf(scaled - choice->peak);
    if (row->exact || !c->certify) return;
    double t = (double)c->temperature, middle = (double)row->value - (double)choice->most, slack;
    float lost, spread = 1e-5f + 2e-7f * fabsf(scaled);
    row->high = weight_of((middle + (double)row->error) / t, &lost);
    slack = (double)(lost + spread);
    row->high *= 1.0 + slack;
    row->low = weight_of((middle - (double)row->error) / t, &lost) * fmax(1.0 - slack, 0.0);
}

static void add_row(Choice *choice, int32_t slot) {
    Chooser *c = choice->c;
    const Head *head = c->head;
    Row *row = &c->rows[choice->count++];
    *row = (Row){.id = head->ids[slot], .slot = slot, .high = UNWEIGHED};
    if (!head_fine(head, c->simd, choice->probe, slot, choice->value[slot], &row->value)) {
        choice->unreadable = true;
    }
    row->error = c->certify ? head_fine_error(head, choice->probe, slot) : 0.0f;
    choice->value[slot] = c->upper[slot] = -INFINITY;
    c->counters.fine++;
    c->counters.bytes += (uint64_t)head->groups * (GROUP / 2);
}

// Read in fp32 the rows that `wanted` says; how many.
static int32_t make_exact(Choice *choice, bool (*wanted)(const Row *, double), double limit) {
    Chooser *c = choice->c;
    int32_t at[EXACT_ROWS], slots[EXACT_ROWS], count = 0, all = 0;
    float products[EXACT_ROWS];
    for (int32_t i = 0; i <= choice->count; i++) {
        if (i < choice->count && !c->rows[i].exact && wanted(&c->rows[i], limit)) {
            slots[count] = c->rows[i].slot;
            at[count++] = i;
        }
        if (count == 0 || (count < EXACT_ROWS && i < choice->count)) continue;
        if (!head_exact(c->head, choice->probe, slots, count, c->buffer, products)) {
            choice->unreadable = true;
            return all + count;
        }
        for (int32_t k = 0; k < count; k++) {
            Row *row = &c->rows[at[k]];
            row->value = products[k];
            row->error = 0.0f;
            row->exact = true;
            row->high = UNWEIGHED;
        }
        all += count;
        count = 0;
    }
    c->counters.exact += (uint64_t)all;
    c->counters.bytes += (uint64_t)all * (uint64_t)c->head->dim * sizeof(float);
    return all;
}

// Take in every row whose upper bound reaches `reach`.
static void extend(Choice *choice, float reach) {
    Chooser *c = choice->c;
    choice->reach = reach;
    for (int32_t tile = 0; tile < c->head->tiles; tile++) {
        if (!(c->peak[tile] >= reach)) continue;
        c->peak[tile] = -INFINITY;
        for (int32_t slot = tile * TILE; slot < (tile + 1) * TILE; slot++) {
            if (c->upper[slot] >= reach && slot < c->head->told) add_row(choice, slot);
            c->peak[tile] = fmaxf(c->peak[tile], c->upper[slot]);
        }
    }
}

// The row with the largest bound. Known by 8 bits it is likely to rule out most that 4 leave.
static void add_highest(Choice *choice) {
    Chooser *c = choice->c;
    int32_t highest = 0;
    for (int32_t tile = 1; tile < c->head->tiles; tile++) {
        if (c->peak[tile] > c->peak[highest]) highest = tile;
    }
    for (int32_t slot = highest * TILE; slot < (highest + 1) * TILE; slot++) {
        if (c->upper[slot] >= c->peak[highest] && slot < c->head->told) {
            add_row(choice, slot);
            return;
        }
    }
}

static void weigh_rounding(Choice *choice) {
    const Chooser *c = choice->c;
    double sum = choice->tail_least, lost = 0.0, added = 0.0;
    for (int32_t i = 0; i < choice->count; i++) sum += c->rows[i].low;
    // What is less than half the last bit of the sum may be lost, and all to the same side.
    double half = HALF_BIT * sum;
    for (int32_t i = 0; i < choice->count; i++) {
        if (c->rows[i].low < 2.0 * half) lost += fmin(c->rows[i].high, half);
        if (c->rows[i].high > half / 2) added += 1.0;
    }
    // Weights of less than a quarter of it never change it but by that.
    float least = choice->most + c->temperature * logf((float)(half / 4));
    for (int32_t tile = 0; tile < c->head->tiles; tile++) {
        if (!(c->peak[tile] > least)) continue;
        for (int32_t i = tile * TILE; i < (tile + 1) * TILE; i++) added += c->upper[i] > least;
    }
    if (choice->collapsed > least) added += c->head->vocab - c->head->told;
    lost += fmin(choice->tail, (c->head->vocab - choice->count) * half);
    choice->rounding = rounding_of(added) + lost / sum;
}

// The rows that are not taken in, as weights.
static void weigh_tail(Choice *choice) {
    Chooser *c = choice->c;
    const Head *head = c->head;
    float scale = 1.0f / c->temperature, slack;
    double t = (double)c->temperature;
    choice->others = choice->edge = 0.0;
    if (choice->count < head->told) {
        const float *x = c->certify ? c->upper : choice->value;
        choice->others = (double)c->simd->mass(x, choice->most, scale, head->told) * 1.0001 +
                         head->told * 1e-13;
        choice->edge = weight_of((double)(choice->reach - choice->most) / t, &slack);
        choice->edge *= 1.0 + (double)slack;
    }
    choice->tail = choice->others;
    choice->tail_least = c->certify ? 0.0 : choice->others;
    if (head->told < head->vocab) {
        double one = weight_of((double)(choice->collapsed - choice->most) / t, &slack);
        one *= 1.0 + (double)slack;
        double least = weight_of((double)(choice->collapsed_least - choice->most) / t, &slack);
        least *= fmax(1.0 - (double)slack, 0.0);
        choice->tail += (head->vocab - head->told) * one;
        choice->tail_least += (head->vocab - head->told) * least;
        choice->edge = fmax(choice->edge, one);
    }
    if (c->certify) weigh_rounding(choice);
}

static bool is_wide(const Row *row, double least) { return row->high - row->low >= least; }
static bool reaches(const Row *row, double least) {
    return (double)row->value + (double)row->error >= least;
}

// Read in fp32 the rows that leave the most open. False where all of them are known so.
static bool refine(Choice *choice) {
    double widest = 0.0;
    for (int32_t i = 0; i < choice->count; i++) {
        const Row *row = &choice->c->rows[i];
        if (!row->exact) widest = fmax(widest, row->high - row->low);
    }
    return widest > 0.0 && make_exact(choice, is_wide, widest / 4) > 0;
}

// What is not known of the weights of the rows.
static double doubt(const Choice *choice) {
    double all = 0.0;
    for (int32_t i = 0; i < choice->count; i++) {
        all += choice->c->rows[i].high - choice->c->rows[i].low;
    }
    return all;
}

// Without certainty asked for, the coin may fall among the rows that were not taken in.
static Outcome find_in_tail(Choice *choice, float coin, int32_t *id) {
    Chooser *c = choice->c;
    double all = choice->tail, target = 0.0;
    for (int32_t i = 0; i < choice->count; i++) all += c->rows[i].high;
    target = (double)coin * all - (all - choice->tail);
    *id = choice->count > 0 ? c->rows[choice->count - 1].id : c->head->ids[0];
    for (int32_t slot = 0; slot < c->head->told && target > 0.0; slot++) {
        if (choice->value[slot] == -INFINITY) continue;
        target -= (double)expf((choice->value[slot] - choice->most) / c->temperature);
        *id = c->head->ids[slot];
    }
    return CHOSEN;
}

// The largest lower bound among the rows.
static float best_low(const Choice *choice) {
    float best = -INFINITY;
    for (int32_t i = 0; i < choice->count; i++) {
        best = fmaxf(best, choice->c->rows[i].value - choice->c->rows[i].error);
    }
    return best;
}

// Take in all rows that may be the largest; where several may, or where `always`, read those in
// fp32. False where a collapsed row may be.
static bool settle_most(Choice *choice, float least, bool always) {
    Chooser *c = choice->c;
    add_highest(choice);
    extend(choice, fmaxf(least, best_low(choice)));
    for (bool settled = !c->certify; !settled;) {
        float best = best_low(choice);
        int32_t rivals = 0;
        for (int32_t i = 0; i < choice->count; i++) rivals += reaches(&c->rows[i], (double)best);
        settled = (rivals < 2 && !always) || make_exact(choice, reaches, (double)best) == 0 ||
                  choice->unreadable;
    }
    choice->most = best_low(choice);
    return choice->count > 0 && choice->collapsed < choice->most;
}

static Outcome sample(Choice *choice, float least, float coin, int32_t *found, int32_t *id) {
    Chooser *c = choice->c;
    bool nucleus = c->topp > 0.0f && c->topp < 1.0f;
    float step = NEXT_REACH * c->temperature;
    if (!settle_most(choice, least, true)) return choice->unreadable ? UNREADABLE : OPEN;
    choice->peak = choice->most / c->temperature;
    extend(choice, choice->most - FIRST_REACH * c->temperature);
    bool extended = true;
    for (int step_count = 0; step_count < MOST_STEPS; step_count++) {
        if (choice->unreadable) return UNREADABLE;
        for (int32_t i = 0; i < choice->count; i++) {
            if (c->rows[i].high == UNWEIGHED) weigh(choice, &c->rows[i]);
        }
        if (extended) weigh_tail(choice);
        extended = false;
        Finding finding = nucleus ? find_in_nucleus(choice, coin, found)
                                  : find_in_all(choice, coin, found);
        if (finding == FOUND) {
            *id = c->rows[*found].id;
            return CHOSEN;
        }
        if (finding == UNDECIDED) break;
        if (!c->certify && !nucleus) return find_in_tail(choice, coin, id);
        bool wide = choice->others > doubt(choice) / 4;
        if (c->certify && finding == REFINE && !wide && refine(choice)) continue;
        if (choice->count < c->head->told && (wide || finding == EXTEND)) {
            // Where nothing is near, the next row is far: look further each time.
            extend(choice, choice->reach - step);
            step *= 1.5f;
            extended = true;
        } else if (!c->certify || !refine(choice)) {
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
    bool settled = settle_most(choice, least, false);
    if (choice->unreadable) return UNREADABLE;
    if (!settled) return OPEN;
    *found = -1;
    for (int32_t i = 0; i < choice->count; i++) {
        const Row *row = &c->rows[i], *best = *found < 0 ? NULL : &c->rows[*found];
        if (c->certify && !reaches(row, (double)choice->most)) continue;
        if (!best || row->value > best->value || (row->value == best->value && row->id < best->id)) {
            *found = i;
        }
    }
    return *found < 0 ? OPEN : CHOSEN;
}

// The bounds of what the collapsed rows have in common.
static void bound_collapsed(Choice *choice) {
    const Chooser *c = choice->c;
    const Head *head = c->head;
    choice->collapsed = choice->collapsed_least = -INFINITY;
    if (head->told == head->vocab) return;
    float centre = c->simd->dot(head->centre, choice->probe->x, head->dim);
    float slack = fabsf(centre) * 1e-5f + 1e-5f * choice->probe->length;
    float wide = c->certify ? head->radius * choice->probe->length + slack : 0.0f;
    choice->collapsed = centre + wide;
    choice->collapsed_least = centre - wide;
}

// In how far the token stands out, by the likeliest values of all the logits.
static float share_of(const Choice *choice, float logit) {
    const Chooser *c = choice->c;
    float scale = c->temperature > 0.0f ? 1.0f / c->temperature : 1.0f, most = logit;
    for (int32_t i = 0; i < choice->count; i++) most = fmaxf(most, c->rows[i].value);
    for (int32_t i = 0; i < c->head->told; i++) most = fmaxf(most, choice->value[i]);
    double all = (double)c->simd->mass(choice->value, most, scale, c->head->told);
    for (int32_t i = 0; i < choice->count; i++) {
        all += (double)expf((c->rows[i].value - most) * scale);
    }
    int32_t left = c->head->vocab - c->head->told;
    if (left > 0) all += left * (double)expf((choice->collapsed - most) * scale);
    return (float)((double)expf((logit - most) * scale) / all);
}

// Bound all the rows. What the largest of them is at least.
static float begin(Choice *choice, Chooser *c, const Probe *probe, float *value) {
    *choice = (Choice){.c = c, .probe = probe, .value = value};
    Probe likely = *probe;
    if (!c->certify) {
        likely.length *= LIKELY;
        likely.rounding *= LIKELY;
    }
    bound_collapsed(choice);
    return head_bounds(c->head, c->simd, &likely, value, c->upper, c->peak);
}

Outcome choose(Chooser *c, const Probe *probe, float *value, float coin, int32_t *id,
               float *probability) {
    Choice choice;
    float least = begin(&choice, c, probe, value);
    c->counters.screened += (uint64_t)c->head->told;
    c->counters.bounded += (uint64_t)(c->head->vocab - c->head->told);
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

float chooser_probability(Chooser *c, const Probe *probe, float *value, int32_t id, bool all) {
    Choice choice;
    begin(&choice, c, probe, value);
    int32_t slot = c->head->slots[id];
    float logit = choice.collapsed;
    if (slot < c->head->told) {
        add_row(&choice, slot);
        logit = c->rows[0].value;
    }
    if (all) extend(&choice, -FLT_MAX);
    return choice.unreadable ? NAN : share_of(&choice, logit);
}
