#include "infer/candidates.h"

#include <float.h>
#include <math.h>

static const double HALF_BIT = 1.0 / 16777216.0;

double rounding_of(double n) { return 6.0 * sqrt(n) / 33554432.0; }

// exp(x), and a bound of what is lost on the way to x and in here.
static double weight_of(double x, float *slack) {
    *slack = 1e-5f + 2e-7f * fabsf((float)x);
    return (double)expf((float)x);
}

// A row in fp32 weighs what it does in llama2.c, whose divisions and differences these are.
static void weigh(const Choice *choice, Row *row) {
    const Chooser *c = choice->c;
    float scaled = row->value / c->temperature;
    if (row->exact || !c->certify) {
        row->low = row->high = (double)expf(scaled - choice->peak);
        return;
    }
    double t = (double)c->temperature, middle = (double)row->value - (double)choice->most, slack;
    float lost, spread = 1e-5f + 2e-7f * fabsf(scaled);
    row->high = weight_of((middle + (double)row->error) / t, &lost);
    slack = (double)(lost + spread);
    row->high *= 1.0 + slack;
    row->low = weight_of((middle - (double)row->error) / t, &lost) * fmax(1.0 - slack, 0.0);
}

// Take in a row whose further 4 bits are `fine`.
static void take_in(Choice *choice, int32_t slot, const uint8_t *fine) {
    Chooser *c = choice->c;
    const LmHead *head = c->head;
    Row *row = &c->rows[choice->count++];
    *row = (Row){.id = head->ids[slot], .slot = slot};
    row->value = lm_head_fine(head, c->simd, choice->input, slot, choice->value[slot], fine);
    row->error = c->certify ? lm_head_fine_error(head, choice->input, slot) : 0.0f;
    if (c->certify && !(row->error < NORM_LIMIT && fabsf(row->value) < NORM_LIMIT)) {
        row->value = 0.0f;
        row->error = INFINITY;
    }
    choice->value[slot] = c->upper[slot] = -INFINITY;
    c->counters.fine++;
}

// The further 4 bits of rows that lie together, counted. NULL where they could not be read.
static const uint8_t *read_fine(Choice *choice, int32_t slot, int32_t count) {
    Chooser *c = choice->c;
    const uint8_t *fine = lm_head_fine_rows(c->head, slot, count, c->fine);
    choice->unreadable = choice->unreadable || !fine;
    c->counters.bytes += (uint64_t)count * (uint64_t)c->head->groups * (GROUP / 2);
    return fine;
}

void choice_add(Choice *choice, int32_t slot) {
    const uint8_t *fine = read_fine(choice, slot, 1);
    if (fine) take_in(choice, slot, fine);
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
        if (!lm_head_exact(c->head, choice->input, slots, count, c->buffer, products)) {
            choice->unreadable = true;
            return all + count;
        }
        for (int32_t k = 0; k < count; k++) {
            Row *row = &c->rows[at[k]];
            row->value = products[k];
            row->error = 0.0f;
            row->exact = true;
            if (at[k] < choice->weighed) weigh(choice, row);
        }
        all += count;
        count = 0;
    }
    choice->exact += all;
    c->counters.exact += (uint64_t)all;
    c->counters.bytes += (uint64_t)all * (uint64_t)c->head->dim * sizeof(float);
    return all;
}

static bool reaches(const Choice *choice, int32_t slot) {
    return !(choice->c->upper[slot] < choice->reach);  // a bound that is no number rules out nothing
}

// Take in what reaches it of a tile; what lies together is read together.
static void extend_tile(Choice *choice, int32_t tile) {
    enum { GAP = 8 };  // rows that are read for nothing sooner than one by one
    Chooser *c = choice->c;
    int32_t end = (tile + 1) * TILE, row = c->head->groups * (GROUP / 2);
    for (int32_t slot = tile * TILE, last; slot < end; slot = last + 1) {
        last = slot;
        if (!reaches(choice, slot)) continue;
        for (int32_t next = slot + 1; next < end && next <= last + GAP; next++) {
            if (reaches(choice, next)) last = next;
        }
        const uint8_t *fine = read_fine(choice, slot, last - slot + 1);
        if (!fine) return;
        for (int32_t at = slot; at <= last; at++) {
            if (reaches(choice, at)) take_in(choice, at, fine + (int64_t)(at - slot) * row);
        }
    }
    c->peak[tile] = -INFINITY;
    for (int32_t slot = tile * TILE; slot < end; slot++) {
        c->peak[tile] = fmaxf(c->peak[tile], c->upper[slot]);
    }
}

void choice_extend(Choice *choice, float reach) {
    Chooser *c = choice->c;
    choice->reach = fmaxf(reach, -FLT_MAX);  // those that are in have a bound of -INFINITY
    for (int32_t tile = 0; tile < c->head->tiles; tile++) {
        if (!(c->peak[tile] < choice->reach)) extend_tile(choice, tile);
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
        if (c->upper[slot] >= c->peak[highest] && slot < c->head->coded) {
            choice_add(choice, slot);
            return;
        }
    }
}

// The largest lower bound among the rows.
static float best_low(const Choice *choice) {
    float best = -INFINITY;
    for (int32_t i = 0; i < choice->count; i++) {
        best = fmaxf(best, choice->c->rows[i].value - choice->c->rows[i].error);
    }
    return best;
}

bool choice_settle(Choice *choice, float least, bool always) {
    Chooser *c = choice->c;
    add_highest(choice);
    choice_extend(choice, fmaxf(least, best_low(choice)));
    for (bool settled = !c->certify; !settled;) {
        float best = best_low(choice);
        int32_t rivals = 0;
        for (int32_t i = 0; i < choice->count; i++) rivals += row_reaches(&c->rows[i], (double)best);
        settled = (rivals < 2 && !always) || make_exact(choice, row_reaches, (double)best) == 0 ||
                  choice->unreadable;
    }
    choice->most = best_low(choice);
    return choice->count > 0 && choice->collapsed < choice->most;
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
    if (choice->collapsed > least) added += c->head->vocab - c->head->coded;
    lost += fmin(choice->tail, (c->head->vocab - choice->count) * half);
    choice->rounding = rounding_of(added) + lost / sum;
}

// The rows that are not taken in, as weights.
static void weigh_tail(Choice *choice) {
    Chooser *c = choice->c;
    const LmHead *head = c->head;
    float scale = 1.0f / c->temperature, slack;
    double t = (double)c->temperature;
    choice->others = choice->edge = 0.0;
    if (choice->count < head->coded) {
        const float *x = c->certify ? c->upper : choice->value;
        choice->others = (double)c->simd->sum_exp(x, choice->most, scale, head->coded) * 1.0005 +
                         head->coded * 1e-13;
        choice->edge = weight_of((double)(choice->reach - choice->most) / t, &slack);
        choice->edge *= 1.0 + (double)slack;
    }
    choice->tail = choice->others;
    choice->tail_least = c->certify ? 0.0 : choice->others;
    if (head->coded < head->vocab) {
        double one = weight_of((double)(choice->collapsed - choice->most) / t, &slack);
        one *= 1.0 + (double)slack;
        double least = weight_of((double)(choice->collapsed_least - choice->most) / t, &slack);
        least *= fmax(1.0 - (double)slack, 0.0);
        choice->tail += (head->vocab - head->coded) * one;
        choice->tail_least += (head->vocab - head->coded) * least;
        choice->edge = fmax(choice->edge, one);
    }
    if (c->certify) weigh_rounding(choice);
}

void choice_weigh(Choice *choice, bool extended) {
    for (; choice->weighed < choice->count; choice->weighed++) {
        weigh(choice, &choice->c->rows[choice->weighed]);
    }
    if (extended) weigh_tail(choice);
}

static bool is_wide(const Row *row, double least) { return row->high - row->low >= least; }

bool choice_refine(Choice *choice) {
    enum { SHARE = 4 };
    double widest = 0.0;
    int32_t wanted = choice->exact;
    for (int32_t i = 0; i < choice->count; i++) {
        const Row *row = &choice->c->rows[i];
        if (!row->exact) widest = fmax(widest, row->high - row->low);
    }
    for (int32_t i = 0; i < choice->count; i++) {
        const Row *row = &choice->c->rows[i];
        wanted += !row->exact && is_wide(row, widest / 4);
    }
    choice->costly = wanted > choice->c->head->vocab / SHARE;
    return widest > 0.0 && !choice->costly && make_exact(choice, is_wide, widest / 4) > 0;
}
