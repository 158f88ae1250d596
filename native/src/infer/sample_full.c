#include "infer/sample_full.h"

#include <math.h>
#include <string.h>

// Fill ExactSampler.order with the indices of all rows, by id: a radix sort.
static void order_by_id(const Candidates *c) {
    enum { DIGITS = 256 };
    ExactSampler *s = c->sampler;
    int32_t *from = s->spare, *to = s->order;
    for (int32_t i = 0; i < c->count; i++) to[i] = i;
    // least significant digit first; each pass is stable
    for (int shift = 0; shift < 32 && (s->head->vocab - 1) >> shift > 0; shift += 8) {
        int32_t *last = from, start[DIGITS + 1] = {0};
        from = to;
        to = last;
        for (int32_t i = 0; i < c->count; i++) start[(s->rows[i].id >> shift & 255) + 1]++;
        for (int digit = 0; digit < DIGITS; digit++) start[digit + 1] += start[digit];
        for (int32_t i = 0; i < c->count; i++) {
            to[start[s->rows[from[i]].id >> shift & 255]++] = from[i];
        }
    }
    if (to != s->order) memcpy(s->order, to, (size_t)c->count * sizeof *to);
}

// Cumulative weights in the order of the ids, as lower and upper bounds on both sides of the draw.
// The ids of rows that were not added are unknown here, so their weight may be on either side.
SearchStatus sample_full(Candidates *c, float coin, int32_t *found) {
    ExactSampler *s = c->sampler;
    int32_t n = c->count;
    order_by_id(c);
    double high_rest = 0.0, low_rest = 0.0, high = 0.0, low = 0.0;
    for (int32_t i = 0; i < n; i++) {
        high_rest += s->rows[i].high;
        low_rest += s->rows[i].low;
    }
    c->doubt = high_rest - low_rest;
    double unknown = high_rest - low_rest + c->tail - c->tail_least;
    double rounding = s->certify ? 2.0 * c->rounding * (low_rest + c->tail_least) : 0.0;
    double coin_share = (double)coin, rest_share = 1.0 - coin_share;
    double anywhere = s->certify ? c->tail : 0.0;
    // The selected token: before < coin * all <= before + its weight, with before + after = all.
    for (int32_t i = 0; i < n; i++) {
        const Candidate *row = &s->rows[s->order[i]];
        bool after_last = rest_share * (high + anywhere) + rounding <= coin_share * low_rest;
        high += row->high;
        low += row->low;
        high_rest -= row->high;
        low_rest -= row->low;
        double rest = fmax(high_rest, 0.0) + c->tail;
        bool before_next = rest_share * low - rounding > coin_share * rest;
        if (!before_next) continue;
        *found = s->order[i];
        if (!s->certify) {
            double all = high + rest;
            s->margin = candidates_margin((high - row->high) / all, coin_share, high / all);
        }
        if (after_last) return SEARCH_FOUND;
        if (unknown + anywhere < rounding) return SEARCH_UNDECIDABLE;
        return anywhere > (high - low) / 4 ? SEARCH_EXTEND : SEARCH_REFINE;
    }
    return unknown + anywhere < rounding ? SEARCH_UNDECIDABLE : SEARCH_EXTEND;
}
