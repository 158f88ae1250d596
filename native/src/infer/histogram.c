#include "infer/histogram.h"

#include <math.h>

void histogram_fill(Histogram *b, const Candidates *c) {
    const ExactSampler *s = c->sampler;
    float max_logit = c->max_logit, in_one = (float)BINS_PER_TEMPERATURE / s->temperature;
    *b = (Histogram){0};
    for (int bin = 0; bin < BINS; bin++) b->lowest[bin] = INFINITY;
    for (int32_t i = 0; i < c->count; i++) {
        const Candidate *row = &s->rows[i];
        float down = (max_logit - row->value) * in_one;
        int bin = !(down > 0.0f) ? 0 : down < BINS - 1 ? (int)down : BINS - 1;
        s->spare[i] = bin;
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
    for (int32_t i = 0; i < c->count; i++) s->order[next[s->spare[i]]++] = i;
}

static bool is_before(const Candidate *a, const Candidate *b) {
    return a->value != b->value ? a->value > b->value : a->id < b->id;
}

// Shellsort: bins are small or nearly sorted.
void histogram_sort_bin(const Histogram *b, const Candidates *c, int bin) {
    static const int32_t gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};
    const Candidate *rows = c->sampler->rows;
    int32_t *order = c->sampler->order + b->start[bin], n = b->start[bin + 1] - b->start[bin];
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
