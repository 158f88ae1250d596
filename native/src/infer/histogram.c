#include "infer/histogram.h"

#include <math.h>

void bins_fill(Bins *b, const Choice *choice) {
    const Chooser *c = choice->c;
    float most = choice->most, in_one = (float)IN_ONE / c->temperature;
    *b = (Bins){0};
    for (int bin = 0; bin < BINS; bin++) b->lowest[bin] = INFINITY;
    for (int32_t i = 0; i < choice->count; i++) {
        const Row *row = &c->rows[i];
        float down = (most - row->value) * in_one;
        int bin = !(down > 0.0f) ? 0 : down < BINS - 1 ? (int)down : BINS - 1;
        c->spare[i] = bin;
        b->start[bin + 1]++;
        b->high[bin] += row->high;
        b->low[bin] += row->low;
        if (row->high > b->highest[bin]) b->highest[bin] = row->high;
        if (row->low < b->lowest[bin]) b->lowest[bin] = row->low;
    }
    int32_t next[BINS];
    for (int bin = 0; bin < BINS; bin++) {
        next[bin] = b->start[bin];
        b->start[bin + 1] += b->start[bin];
        b->all_high += b->high[bin];
        b->all_low += b->low[bin];
    }
    for (int32_t i = 0; i < choice->count; i++) c->order[next[c->spare[i]]++] = i;
}

static bool is_before(const Row *a, const Row *b) {
    return a->value != b->value ? a->value > b->value : a->id < b->id;
}

// Shell's sort: bins are small, or nearly in order.
void bins_sort(const Bins *b, const Choice *choice, int bin) {
    static const int32_t gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};
    const Row *rows = choice->c->rows;
    int32_t *order = choice->c->order + b->start[bin], n = b->start[bin + 1] - b->start[bin];
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++) {
        int32_t gap = gaps[g];
        for (int32_t i = gap; i < n; i++) {
            int32_t moved = order[i], at = i;
            for (; at >= gap && is_before(&rows[moved], &rows[order[at - gap]]); at -= gap) {
                order[at] = order[at - gap];
            }
            order[at] = moved;
        }
    }
}
