// Mirrors sample_topp() of llama2.c's run.c on bounds: the nucleus is the smallest set of the
// largest weights whose sum exceeds topp of all; the draw selects a token at coin * (sum of the
// nucleus). find_crossing() guesses the token from estimates. It is accepted if its rank is certain
// and its interval contains the draw for all weights within their bounds, and for llama2.c's float
// rounding.
#include "infer/sample_top_p.h"

#include <math.h>
#include <stdlib.h>

#include "infer/histogram.h"

// Weights with a smaller ratio may become equal probabilities by llama2.c's division, which are
// then ordered by id.
static const double APART = 1.0 + 1.0 / 2097152.0;

static int largest_first(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x < *y) - (*x > *y);
}

// Insertion sort for nearly sorted weights; falls back to qsort after MOVES moves for each.
enum { MOVES = 12 };

static void sort_weights(double *weights, int32_t n) {
    int64_t moves = (int64_t)n * MOVES;
    for (int32_t i = 1; i < n && moves >= 0; i++) {
        double weight = weights[i];
        int32_t at = i;
        for (; at > 0 && weights[at - 1] < weight; at--) weights[at] = weights[at - 1];
        weights[at] = weight;
        moves -= i - at;
    }
    if (moves < 0) qsort(weights, (size_t)n, sizeof *weights, largest_first);
}

static double sum_of(const double *sorted, int32_t n) {
    double sum = 0.0;
    for (int32_t i = 0; i < n; i++) sum += sorted[i];
    return sum;
}

// Where the cumulative estimates cross the draw and the cut-off.
typedef struct {
    int32_t at;              // index in ExactSampler.order; -1: among rows that were not added
    int bin;                 // of that row
    int end;                 // bin of the cut-off; BINS: it is beyond the rows
    double target, through;  // the draw, and the cumulative weight up to and with the row
} Crossing;

static double middle_of(const Candidate *row) { return (row->high + row->low) / 2; }

// The index in ExactSampler.order where the cumulative estimate exceeds `target`; its bin gets
// sorted. *sum becomes the sum up to and with it. -1 where the target is not reached.
static int32_t cross_target(const Histogram *h, const Candidates *c, double target, double *sum,
                            int *bin) {
    const ExactSampler *s = c->sampler;
    *sum = 0.0;
    for (*bin = 0; *bin < BINS; ++*bin) {
        double more = (h->high[*bin] + h->low[*bin]) / 2;
        if (*sum + more <= target) {
            *sum += more;
            continue;
        }
        histogram_sort_bin(h, c, *bin);
        for (int32_t at = h->start[*bin]; at < h->start[*bin + 1]; at++) {
            *sum += middle_of(&s->rows[s->order[at]]);
            if (*sum > target) return at;
        }
    }
    return -1;
}

static Crossing find_crossing(const Histogram *h, const Candidates *c, float coin) {
    const ExactSampler *s = c->sampler;
    double rows = (h->all_high + h->all_low) / 2, nucleus;
    double cut = (double)s->topp * (rows + (c->tail + c->tail_least) / 2);
    Crossing crossing;
    // A nucleus that extends beyond the rows holds hardly more than topp.
    if (cross_target(h, c, cut, &nucleus, &crossing.end) < 0) {
        nucleus = s->certify ? cut : rows;
    }
    crossing.target = (double)coin * nucleus;
    crossing.at = cross_target(h, c, crossing.target, &crossing.through, &crossing.bin);
    if (crossing.at < 0 && !s->certify) crossing.at = c->count - 1;
    return crossing;
}

// Whether the rank of the row at here.at is the same for all values within the bounds; *known: if
// not, whether only rounding decides, because the rows in question are in fp32.
static bool rank_is_certain(const Histogram *h, const Candidates *c, Crossing here, bool *known) {
    const ExactSampler *s = c->sampler;
    const Candidate *row = &s->rows[s->order[here.at]];
    bool alone = true;
    *known = true;
    for (int bin = 0; bin < BINS; bin++) {
        bool before = bin < here.bin && h->lowest[bin] > row->high * APART;
        bool after = bin > here.bin && h->highest[bin] * APART < row->low;
        for (int32_t i = h->start[bin]; i < h->start[bin + 1] && !before && !after; i++) {
            const Candidate *other = &s->rows[s->order[i]];
            if (i == here.at ||
                (i < here.at ? other->low > row->high * APART : other->high * APART < row->low)) {
                continue;
            }
            alone = false;
            *known = *known && other->exact && row->exact;
        }
    }
    return alone;
}

// The smallest n for which the n largest weights exceed topp of all, if the n are `large` and the
// others `small` (count each, sorted) and `tail`; count + 1 where there is none.
static int32_t size_of_nucleus(const double *large, const double *small, int32_t count, double tail,
                               double topp) {
    double sum = 0.0, rest = tail + sum_of(small, count);
    for (int32_t n = 1; n <= count; n++) {
        sum += large[n - 1];
        rest -= small[n - 1];
        if ((1.0 - topp) * sum > topp * fmax(rest, tail)) return n;
    }
    return count + 1;
}

// Upper bound of the weight of the last token in the nucleus. A set of rows with a share up to topp
// does not contain the whole nucleus: a row outside of it is in the nucleus, and the last token is
// no larger.
static double last_weight_bound(const Histogram *h, const Candidates *c, int end, double topp) {
    double before = 0.0, after = c->tail_least, largest = c->edge;
    for (int bin = 0; bin < BINS; bin++) {
        if (bin < end) before += h->high[bin];
        else after += h->low[bin];
    }
    for (int bin = end; bin < BINS; bin++) largest = fmax(largest, h->highest[bin]);
    while (end > 0 && !((1.0 - topp) * before <= topp * after)) {
        end--;
        before -= h->high[end];
        after += h->low[end];
        largest = fmax(largest, h->highest[end]);
    }
    return largest;
}

// Upper and lower bound of a sum of weights.
typedef struct {
    double high, low;
} Sum;

// The sum over the bins [first, end) and over [from, to) in ExactSampler.order.
static Sum sum_of_rows(const Histogram *h, const Candidates *c, int first, int end, int32_t from,
                       int32_t to) {
    const ExactSampler *s = c->sampler;
    Sum sum = {0.0, 0.0};
    for (int bin = first; bin < end; bin++) {
        sum.high += h->high[bin];
        sum.low += h->low[bin];
    }
    for (int32_t i = from; i < to; i++) {
        sum.high += s->rows[s->order[i]].high;
        sum.low += s->rows[s->order[i]].low;
    }
    return sum;
}

// The rows before a bin one by one, and the sum of all the rest.
typedef struct {
    int32_t count;
    double tail, tail_least;
    double nearest;  // upper bound of the weight of one row of the rest
} Prefix;

// Sort the upper and the lower bounds of the prefix, each on its own.
static Prefix sort_prefix(const Candidates *c, const Histogram *h, int stop) {
    const ExactSampler *s = c->sampler;
    Sum rest = sum_of_rows(h, c, stop, BINS, 0, 0);
    Prefix prefix = {
        .count = h->start[stop],
        .tail = c->tail + rest.high,
        .tail_least = c->tail_least + rest.low,
        .nearest = c->edge,
    };
    for (int bin = stop; bin < BINS; bin++) prefix.nearest = fmax(prefix.nearest, h->highest[bin]);
    for (int bin = 0; bin < stop; bin++) histogram_sort_bin(h, c, bin);
    for (int32_t i = 0; i < prefix.count; i++) {
        s->highs[i] = s->rows[s->order[i]].high;
        s->lows[i] = s->rows[s->order[i]].low;
    }
    sort_weights(s->highs, prefix.count);
    sort_weights(s->lows, prefix.count);
    return prefix;
}

// A tighter test for small nuclei: bounds the nucleus' size, then the sums up to that size.
static SearchStatus decide_by_size(Candidates *c, const Histogram *h, Crossing here, float coin) {
    enum { MARGIN = 4 };  // bins beyond the estimated cut-off
    ExactSampler *s = c->sampler;
    double topp = (double)s->topp, up = topp * (1.0 + c->rounding);
    double down = topp * (1.0 - c->rounding);
    int stop = here.end + MARGIN < BINS ? here.end + MARGIN : BINS;
    int32_t rank = here.at + 1, min_size, max_size;
    Prefix prefix;
    for (;; stop = BINS) {
        prefix = sort_prefix(c, h, stop);
        min_size = size_of_nucleus(s->highs, s->lows, prefix.count, prefix.tail_least, down);
        max_size = size_of_nucleus(s->lows, s->highs, prefix.count, prefix.tail, up);
        if (max_size <= prefix.count && s->highs[max_size - 1] >= prefix.nearest &&
            rank <= max_size)
            break;
        if (stop == BINS) return SEARCH_EXTEND;
    }

    // The rank is certain, so the same rows come before it in both orders.
    double coin_share = (double)coin, rest_share = 1.0 - coin_share,
           one = s->rows[s->order[here.at]].low;
    double before_high = sum_of(s->highs, here.at), before_low = sum_of(s->lows, here.at);
    double after_low = min_size > rank ? sum_of(s->lows + rank, min_size - rank) : 0.0;
    double after_high = max_size > rank ? sum_of(s->highs + rank, max_size - rank) : 0.0;
    double rounding = rounding_bound(max_size) * (before_high + one + after_high);
    bool starts_before = rest_share * before_high + rounding <= coin_share * (one + after_low);
    bool ends_after = coin_share * after_high + rounding < rest_share * (before_low + one);
    if (min_size >= rank && starts_before && ends_after) return SEARCH_FOUND;

    // Would it be undecided even if all weights were known exactly?
    double middle = (prefix.tail + prefix.tail_least) / 2;
    int32_t fewest = size_of_nucleus(s->highs, s->highs, prefix.count, middle, down);
    int32_t largest = size_of_nucleus(s->highs, s->highs, prefix.count, middle, up);
    if (fewest == largest) {
        bool uncertain = before_high - before_low + after_high - after_low > rounding;
        return uncertain || min_size != max_size ? SEARCH_REFINE : SEARCH_UNDECIDABLE;
    }
    double unknown = c->doubt + c->tail - c->tail_least;
    double all = prefix.tail + sum_of(s->highs, prefix.count);
    return unknown > c->rounding * all ? SEARCH_REFINE : SEARCH_UNDECIDABLE;
}

// The sum of the nucleus exceeds topp by at most its last token. Partial sums are compared with the
// sum of the others, not of all, so that the uncertainty of a part is not counted twice.
SearchStatus sample_top_p(Candidates *c, float coin, int32_t *found) {
    ExactSampler *s = c->sampler;
    Histogram h;
    histogram_fill(&h, c);
    Crossing here = find_crossing(&h, c, coin);
    c->doubt = h.all_high - h.all_low;
    if (here.at < 0) return SEARCH_EXTEND;
    const Candidate *row = &s->rows[s->order[here.at]];
    *found = s->order[here.at];
    if (!s->certify) {
        double all = (h.all_high + h.all_low) / 2 + c->tail;
        double before = here.through - middle_of(row);
        s->margin = candidates_margin(before / all, here.target / all, here.through / all);
        return SEARCH_FOUND;
    }
    if (row->low <= c->edge) return SEARCH_EXTEND;
    bool known;
    if (!rank_is_certain(&h, c, here, &known)) return known ? SEARCH_UNDECIDABLE : SEARCH_REFINE;

    Sum before = sum_of_rows(&h, c, 0, here.bin, h.start[here.bin], here.at);
    Sum after = sum_of_rows(&h, c, here.bin + 1, BINS, here.at + 1, h.start[here.bin + 1]);
    after.high += c->tail;
    after.low += c->tail_least;
    double topp = (double)s->topp, coin_share = (double)coin;
    double up = topp * (1.0 + c->rounding), down = topp * (1.0 - c->rounding);
    double last = last_weight_bound(&h, c, here.end, down);
    double all = before.high + row->high + after.high;
    double rounding = rounding_bound(here.end < BINS ? c->count : s->head->vocab) * all;
    bool starts_before = (1.0 - coin_share * down) * before.high + rounding <=
                         coin_share * down * (row->low + after.low);
    bool ends_after = coin_share * (up * after.high + last) + rounding <
                      (1.0 - coin_share * up) * (before.low + row->low);
    if (starts_before && ends_after) return SEARCH_FOUND;
    double unknown = all - before.low - row->low - after.low;
    if (unknown > coin_share * last / 2 && unknown > rounding) return SEARCH_REFINE;
    return decide_by_size(c, &h, here, coin);
}
