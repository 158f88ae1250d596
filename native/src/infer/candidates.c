// Keeps the rows of one sampling step. A row's weight is exp((logit - largest) / temperature), with
// a lower and an upper bound that include the rounding errors of expf() and of llama2.c's softmax.
// Rows that were not added are bounded together: by their 4-bit bounds, and by the collapsed rows'
// centre.
#include "infer/candidates.h"

#include <float.h>
#include <math.h>

static const double HALF_BIT = 1.0 / 16777216.0;

double rounding_bound(double n) { return 6.0 * sqrt(n) / 33554432.0; }

float candidates_margin(double before, double at, double after) {
    double lower = (at - before) / sqrt(before * (1.0 - before));
    double upper = (after - at) / sqrt(after * (1.0 - after));
    // An end at 0 or 1 does not move.
    if (!(before > 0.0)) lower = INFINITY;
    if (!(after < 1.0)) upper = INFINITY;
    return (float)fmin(lower, upper);
}

// exp(x), and a bound of its relative error.
static double weight_of(double x, float *slack) {
    *slack = 1e-5f + 2e-7f * fabsf((float)x);
    return (double)expf((float)x);
}

// Set the weight of a row. In fp32 it is llama2.c's, by the same divisions and subtractions.
static void weigh(const Candidates *c, Candidate *row) {
    const ExactSampler *s = c->sampler;
    float scaled = row->value / s->temperature;
    if (row->exact || !s->certify) {
        row->low = row->high = (double)expf(scaled - c->peak);
        return;
    }
    double t = (double)s->temperature, middle = (double)row->value - (double)c->max_logit, slack;
    float lost, spread = 1e-5f + 2e-7f * fabsf(scaled);
    row->high = weight_of((middle + (double)row->error) / t, &lost);
    slack = (double)(lost + spread);
    row->high *= 1.0 + slack;
    row->low = weight_of((middle - (double)row->error) / t, &lost) * fmax(1.0 - slack, 0.0);
}

// Add a row whose fine 4 bits are `fine`.
static void add_row(Candidates *c, int32_t slot, const uint8_t *fine) {
    ExactSampler *s = c->sampler;
    const LmHead *head = s->head;
    Candidate *row = &s->rows[c->count++];
    *row = (Candidate){.id = head->ids[slot], .slot = slot};
    row->value = lm_head_fine(head, s->simd, c->input, slot, c->value[slot], fine);
    row->error = s->certify ? lm_head_fine_error(head, c->input, slot) : 0.0f;
    if (s->certify && !(row->error < NORM_LIMIT && fabsf(row->value) < NORM_LIMIT)) {
        row->value = 0.0f;
        row->error = INFINITY;
    }
    c->value[slot] = s->upper[slot] = -INFINITY;
    s->counters.fine++;
}

// The fine 4 bits of contiguous rows; counts the bytes. NULL where they cannot be read.
static const uint8_t *read_fine(Candidates *c, int32_t slot, int32_t count) {
    ExactSampler *s = c->sampler;
    const uint8_t *fine = lm_head_fine_rows(s->head, slot, count, s->fine);
    c->unreadable = c->unreadable || !fine;
    s->counters.bytes += (uint64_t)count * (uint64_t)s->head->groups * (GROUP / 2);
    return fine;
}

void candidates_add(Candidates *c, int32_t slot) {
    const uint8_t *fine = read_fine(c, slot, 1);
    if (fine) add_row(c, slot, fine);
}

// Read in fp32 the rows for which `wanted` is true; returns their number.
static int32_t read_exact(Candidates *c, bool (*wanted)(const Candidate *, double), double limit) {
    ExactSampler *s = c->sampler;
    int32_t at[EXACT_ROWS], slots[EXACT_ROWS], count = 0, all = 0;
    float products[EXACT_ROWS];
    for (int32_t i = 0; i <= c->count; i++) {
        if (i < c->count && !s->rows[i].exact && wanted(&s->rows[i], limit)) {
            slots[count] = s->rows[i].slot;
            at[count++] = i;
        }
        if (count == 0 || (count < EXACT_ROWS && i < c->count)) continue;
        if (!lm_head_exact(s->head, c->input, slots, count, s->buffer, products)) {
            c->unreadable = true;
            return all + count;
        }
        for (int32_t k = 0; k < count; k++) {
            Candidate *row = &s->rows[at[k]];
            row->value = products[k];
            row->error = 0.0f;
            row->exact = true;
            if (at[k] < c->weighed) weigh(c, row);
        }
        all += count;
        count = 0;
    }
    c->exact += all;
    s->counters.exact += (uint64_t)all;
    s->counters.bytes += (uint64_t)all * (uint64_t)s->head->dim * sizeof(float);
    return all;
}

static bool reaches(const Candidates *c, int32_t slot) {
    return !(c->sampler->upper[slot] < c->reach);  // true for NaN, which bounds nothing
}

// Add the rows of a tile that reach c->reach; contiguous ones are read in one piece.
static void extend_tile(Candidates *c, int32_t tile) {
    enum { GAP = 8 };  // unneeded rows that cost less than another read
    ExactSampler *s = c->sampler;
    int32_t end = (tile + 1) * TILE, row = s->head->groups * (GROUP / 2);
    for (int32_t slot = tile * TILE, last; slot < end; slot = last + 1) {
        last = slot;
        if (!reaches(c, slot)) continue;
        for (int32_t next = slot + 1; next < end && next <= last + GAP; next++) {
            if (reaches(c, next)) last = next;
        }
        const uint8_t *fine = read_fine(c, slot, last - slot + 1);
        if (!fine) return;
        for (int32_t at = slot; at <= last; at++) {
            if (reaches(c, at)) add_row(c, at, fine + (int64_t)(at - slot) * row);
        }
    }
    s->peak[tile] = -INFINITY;
    for (int32_t slot = tile * TILE; slot < end; slot++) {
        s->peak[tile] = fmaxf(s->peak[tile], s->upper[slot]);
    }
}

void candidates_extend(Candidates *c, float reach) {
    ExactSampler *s = c->sampler;
    c->reach = fmaxf(reach, -FLT_MAX);  // rows that were added have a bound of -INFINITY
    for (int32_t tile = 0; tile < s->head->tiles; tile++) {
        if (!(s->peak[tile] < c->reach)) extend_tile(c, tile);
    }
}

// Add the row with the largest upper bound: in 8 bits it is likely to rule out most others.
static void add_highest(Candidates *c) {
    ExactSampler *s = c->sampler;
    int32_t highest = 0;
    for (int32_t tile = 1; tile < s->head->tiles; tile++) {
        if (s->peak[tile] > s->peak[highest]) highest = tile;
    }
    for (int32_t slot = highest * TILE; slot < (highest + 1) * TILE; slot++) {
        if (s->upper[slot] >= s->peak[highest] && slot < s->head->coded) {
            candidates_add(c, slot);
            return;
        }
    }
}

// The largest lower bound among the rows.
static float best_low(const Candidates *c) {
    float best = -INFINITY;
    for (int32_t i = 0; i < c->count; i++) {
        best = fmaxf(best, c->sampler->rows[i].value - c->sampler->rows[i].error);
    }
    return best;
}

bool candidates_settle(Candidates *c, float lower, bool always) {
    ExactSampler *s = c->sampler;
    add_highest(c);
    candidates_extend(c, fmaxf(lower, best_low(c)));
    for (bool settled = !s->certify; !settled;) {
        float best = best_low(c);
        int32_t rivals = 0;
        for (int32_t i = 0; i < c->count; i++) {
            rivals += candidate_reaches(&s->rows[i], (double)best);
        }
        settled = (rivals < 2 && !always) || read_exact(c, candidate_reaches, (double)best) == 0 ||
                  c->unreadable;
    }
    c->max_logit = best_low(c);
    return c->count > 0 && c->collapsed < c->max_logit;
}

static void bound_rounding(Candidates *c) {
    const ExactSampler *s = c->sampler;
    double sum = c->tail_least, lost = 0.0, added = 0.0;
    for (int32_t i = 0; i < c->count; i++) sum += s->rows[i].low;
    // Weights below half the last bit of the sum may be lost, all in the same direction.
    double half = HALF_BIT * sum;
    for (int32_t i = 0; i < c->count; i++) {
        if (s->rows[i].low < 2.0 * half) lost += fmin(s->rows[i].high, half);
        if (s->rows[i].high > half / 2) added += 1.0;
    }
    // Weights below a quarter of the last bit are always lost.
    float lower = c->max_logit + s->temperature * logf((float)(half / 4));
    for (int32_t tile = 0; tile < s->head->tiles; tile++) {
        if (!(s->peak[tile] > lower)) continue;
        for (int32_t i = tile * TILE; i < (tile + 1) * TILE; i++) added += s->upper[i] > lower;
    }
    if (c->collapsed > lower) added += s->head->vocab - s->head->coded;
    lost += fmin(c->tail, (s->head->vocab - c->count) * half);
    c->rounding = rounding_bound(added) + lost / sum;
}

// Bound the weights of the rows that are not in `rows`.
static void weigh_tail(Candidates *c) {
    ExactSampler *s = c->sampler;
    const LmHead *head = s->head;
    float scale = 1.0f / s->temperature, slack;
    double t = (double)s->temperature;
    c->others = c->edge = 0.0;
    if (c->count < head->coded) {
        const float *x = s->certify ? s->upper : c->value;
        c->others = (double)s->simd->sum_exp(x, c->max_logit, scale, head->coded) * 1.0005 +
                    head->coded * 1e-13;
        c->edge = weight_of((double)(c->reach - c->max_logit) / t, &slack);
        c->edge *= 1.0 + (double)slack;
    }
    c->tail = c->others;
    c->tail_least = s->certify ? 0.0 : c->others;
    if (head->coded < head->vocab) {
        double one = weight_of((double)(c->collapsed - c->max_logit) / t, &slack);
        one *= 1.0 + (double)slack;
        double lower = weight_of((double)(c->collapsed_least - c->max_logit) / t, &slack);
        lower *= fmax(1.0 - (double)slack, 0.0);
        c->tail += (head->vocab - head->coded) * one;
        c->tail_least += (head->vocab - head->coded) * lower;
        c->edge = fmax(c->edge, one);
    }
    if (s->certify) bound_rounding(c);
}

void candidates_weigh(Candidates *c, bool extended) {
    for (; c->weighed < c->count; c->weighed++) {
        weigh(c, &c->sampler->rows[c->weighed]);
    }
    if (extended) weigh_tail(c);
}

static bool is_wide(const Candidate *row, double lower) { return row->high - row->low >= lower; }

bool candidates_refine(Candidates *c) {
    enum { SHARE = 4 };
    double widest = 0.0;
    int32_t wanted = c->exact;
    for (int32_t i = 0; i < c->count; i++) {
        const Candidate *row = &c->sampler->rows[i];
        if (!row->exact) widest = fmax(widest, row->high - row->low);
    }
    for (int32_t i = 0; i < c->count; i++) {
        const Candidate *row = &c->sampler->rows[i];
        wanted += !row->exact && is_wide(row, widest / 4);
    }
    c->costly = wanted > c->sampler->head->vocab / SHARE;
    return widest > 0.0 && !c->costly && read_exact(c, is_wide, widest / 4) > 0;
}
