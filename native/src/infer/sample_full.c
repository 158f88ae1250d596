#include "infer/sample_full.h"

#include <math.h>
#include <string.h>

// Fill Chooser.order with the indices of all rows, the lowest id first.
static void order_by_id(const Choice *choice) {
    enum { DIGITS = 256 };
    Chooser *c = choice->c;
    int32_t *from = c->spare, *to = c->order;
    for (int32_t i = 0; i < choice->count; i++) to[i] = i;
    // digit after digit, from the last; each pass keeps the order of the one before
    for (int shift = 0; shift < 32 && (c->head->vocab - 1) >> shift > 0; shift += 8) {
        int32_t *last = from, start[DIGITS + 1] = {0};
        from = to;
        to = last;
        for (int32_t i = 0; i < choice->count; i++) start[(c->rows[i].id >> shift & 255) + 1]++;
        for (int digit = 0; digit < DIGITS; digit++) start[digit + 1] += start[digit];
        for (int32_t i = 0; i < choice->count; i++) {
            to[start[c->rows[from[i]].id >> shift & 255]++] = from[i];
        }
    }
    if (to != c->order) memcpy(c->order, to, (size_t)choice->count * sizeof *to);
}

// The token where the coin falls when all stand side by side in the order of their ids. Where the
// rows that are not taken in stand is not known: anywhere.
Finding find_in_all(Choice *choice, float coin, int32_t *found) {
    Chooser *c = choice->c;
    int32_t n = choice->count;
    order_by_id(choice);
    double high_rest = 0.0, low_rest = 0.0, high = 0.0, low = 0.0;
    for (int32_t i = 0; i < n; i++) {
        high_rest += c->rows[i].high;
        low_rest += c->rows[i].low;
    }
    choice->doubt = high_rest - low_rest;
    double unknown = high_rest - low_rest + choice->tail - choice->tail_least;
    double rounding = c->certify ? 2.0 * choice->rounding * (low_rest + choice->tail_least) : 0.0;
    double heads = (double)coin, tails = 1.0 - heads;
    double anywhere = c->certify ? choice->tail : 0.0;
    // before < coin * all <= before + this, with before + after = all:
    for (int32_t i = 0; i < n; i++) {
        const Row *row = &c->rows[c->order[i]];
        bool after_last = tails * (high + anywhere) + rounding <= heads * low_rest;
        high += row->high;
        low += row->low;
        high_rest -= row->high;
        low_rest -= row->low;
        double rest = fmax(high_rest, 0.0) + choice->tail;
        bool before_next = tails * low - rounding > heads * rest;
        if (!before_next) continue;
        *found = c->order[i];
        if (after_last) return FOUND;
        if (unknown + anywhere < rounding) return UNDECIDED;
        return anywhere > (high - low) / 4 ? EXTEND : REFINE;
    }
    return unknown + anywhere < rounding ? UNDECIDED : EXTEND;
}
