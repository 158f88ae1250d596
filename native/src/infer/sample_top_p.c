#include "infer/sample_top_p.h"

#include <math.h>
#include <stdlib.h>

#include "infer/histogram.h"

// Weights that differ by less may be one probability, after llama2.c's division, and then stand in
// the order of their ids.
static const double APART = 1.0 + 1.0 / 2097152.0;

static int largest_first(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x < *y) - (*x > *y);
}

// What is nearly in order is put so by moving some; where that takes more than MOVES for each, the
// rest is left to qsort.
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

// The row where the coin falls by the likeliest values, and the bin where the nucleus ends.
typedef struct {
    int32_t at;  // in Chooser.order; -1: among rows that are not taken in
    int bin;     // of that row
    int end;     // BINS: the nucleus has more than the rows
} Guess;

static double middle_of(const Row *row) { return (row->high + row->low) / 2; }

// Where the sum of the likeliest exceeds `target`, from the first row on: its place in
// Chooser.order, whose bin is sorted by then. *sum becomes the sum with it. -1 where it does not.
static int32_t reach(const Bins *bins, const Choice *choice, double target, double *sum, int *bin) {
    const Chooser *c = choice->c;
    *sum = 0.0;
    for (*bin = 0; *bin < BINS; ++*bin) {
        double more = (bins->high[*bin] + bins->low[*bin]) / 2;
        if (*sum + more <= target) {
            *sum += more;
            continue;
        }
        bins_sort(bins, choice, *bin);
        for (int32_t at = bins->start[*bin]; at < bins->start[*bin + 1]; at++) {
            *sum += middle_of(&c->rows[c->order[at]]);
            if (*sum > target) return at;
        }
    }
    return -1;
}

static Guess guess(const Bins *bins, const Choice *choice, float coin) {
    const Chooser *c = choice->c;
    double rows = (bins->all_high + bins->all_low) / 2, nucleus, ignored;
    double most = (double)c->topp * (rows + (choice->tail + choice->tail_least) / 2);
    Guess guess;
    // One that has more than the rows has hardly more than its share.
    if (reach(bins, choice, most, &nucleus, &guess.end) < 0) nucleus = c->certify ? most : rows;
    guess.at = reach(bins, choice, (double)coin * nucleus, &ignored, &guess.bin);
    if (guess.at < 0 && !c->certify) guess.at = choice->count - 1;
    return guess;
}

// Whether the row at `at` is the one of its rank, whatever the true values are; *known: whether the
// values that leave it open are known, so that only rounding does.
static bool stands_alone(const Bins *bins, const Choice *choice, Guess here, bool *known) {
    const Chooser *c = choice->c;
    const Row *row = &c->rows[c->order[here.at]];
    bool alone = true;
    *known = true;
    for (int bin = 0; bin < BINS; bin++) {
        bool before = bin < here.bin && bins->lowest[bin] > row->high * APART;
        bool after = bin > here.bin && bins->highest[bin] * APART < row->low;
        for (int32_t i = bins->start[bin]; i < bins->start[bin + 1] && !before && !after; i++) {
            const Row *other = &c->rows[c->order[i]];
            if (i == here.at || (i < here.at ? other->low > row->high * APART
                                             : other->high * APART < row->low)) {
                continue;
            }
            alone = false;
            *known = *known && other->exact && row->exact;
        }
    }
    return alone;
}

// The least n for which the sum of the n largest exceeds topp of all, if those are `large` and the
// rest is `small` (count each, sorted) and `tail`; count + 1 where there is none.
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

// At most, the weight of the last token of the nucleus: no set whose share is not above topp has all
// of it, so that one of the others is in it, and the last is no larger.
static double weigh_last(const Bins *bins, const Choice *choice, int end, double topp) {
    double before = 0.0, after = choice->tail_least, largest = choice->edge;
    for (int bin = 0; bin < BINS; bin++) {
        if (bin < end) before += bins->high[bin];
        else after += bins->low[bin];
    }
    for (int bin = end; bin < BINS; bin++) largest = fmax(largest, bins->highest[bin]);
    while (end > 0 && !((1.0 - topp) * before <= topp * after)) {
        end--;
        before -= bins->high[end];
        after += bins->low[end];
        largest = fmax(largest, bins->highest[end]);
    }
    return largest;
}

// Sums of weights.
typedef struct {
    double high, low;
} Sum;

// Of the rows of the bins `first` to `end`, and then of `from` to `to` in Chooser.order.
static Sum sum_of_rows(const Bins *bins, const Choice *choice, int first, int end, int32_t from,
                       int32_t to) {
    const Chooser *c = choice->c;
    Sum sum = {0.0, 0.0};
    for (int bin = first; bin < end; bin++) {
        sum.high += bins->high[bin];
        sum.low += bins->low[bin];
    }
    for (int32_t i = from; i < to; i++) {
        sum.high += c->rows[c->order[i]].high;
        sum.low += c->rows[c->order[i]].low;
    }
    return sum;
}

// What lies before a bin, row by row, and what lies from there on, as a whole.
typedef struct {
    int32_t count;
    double tail, tail_least;
    double nearest;  // at most, the weight of a row of the tail
} Front;

// The bounds of the front's rows, each kind sorted: they nearly are, as the rows are.
static Front sort_front(const Choice *choice, const Bins *bins, int stop) {
    const Chooser *c = choice->c;
    Sum rest = sum_of_rows(bins, choice, stop, BINS, 0, 0);
    Front front = {
        .count = bins->start[stop],
        .tail = choice->tail + rest.high,
        .tail_least = choice->tail_least + rest.low,
        .nearest = choice->edge,
    };
    for (int bin = stop; bin < BINS; bin++) front.nearest = fmax(front.nearest, bins->highest[bin]);
    for (int bin = 0; bin < stop; bin++) bins_sort(bins, choice, bin);
    for (int32_t i = 0; i < front.count; i++) {
        c->highs[i] = c->rows[c->order[i]].high;
        c->lows[i] = c->rows[c->order[i]].low;
    }
    sort_weights(c->highs, front.count);
    sort_weights(c->lows, front.count);
    return front;
}

// The same, from the sizes that the nucleus may have, where all that may be in it is known well.
static Finding find_by_size(Choice *choice, const Bins *bins, Guess here, float coin) {
    enum { MARGIN = 4 };  // bins after the one where the nucleus seems to end
    Chooser *c = choice->c;
    double topp = (double)c->topp, up = topp * (1.0 + choice->rounding);
    double down = topp * (1.0 - choice->rounding);
    int stop = here.end + MARGIN < BINS ? here.end + MARGIN : BINS;
    int32_t rank = here.at + 1, least, most;
    Front front;
    for (;; stop = BINS) {
        front = sort_front(choice, bins, stop);
        least = size_of_nucleus(c->highs, c->lows, front.count, front.tail_least, down);
        most = size_of_nucleus(c->lows, c->highs, front.count, front.tail, up);
        if (most <= front.count && c->highs[most - 1] >= front.nearest && rank <= most) break;
        if (stop == BINS) return EXTEND;
    }

    // The row stands alone, so those before it are the same ones in both orders.
    double heads = (double)coin, tails = 1.0 - heads, one = c->rows[c->order[here.at]].low;
    double before_high = sum_of(c->highs, here.at), before_low = sum_of(c->lows, here.at);
    double after_low = least > rank ? sum_of(c->lows + rank, least - rank) : 0.0;
    double after_high = most > rank ? sum_of(c->highs + rank, most - rank) : 0.0;
    double rounding = rounding_of(most) * (before_high + one + after_high);
    bool begun = tails * before_high + rounding <= heads * (one + after_low);
    bool not_over = heads * after_high + rounding < tails * (before_low + one);
    if (least >= rank && begun && not_over) return FOUND;

    // Would it be open if all weights were known, by how many are in the nucleus and by rounding?
    double middle = (front.tail + front.tail_least) / 2;
    int32_t fewest = size_of_nucleus(c->highs, c->highs, front.count, middle, down);
    int32_t largest = size_of_nucleus(c->highs, c->highs, front.count, middle, up);
    if (fewest == largest) {
        bool doubtful = before_high - before_low + after_high - after_low > rounding;
        return doubtful || least != most ? REFINE : UNDECIDED;
    }
    double unknown = choice->doubt + choice->tail - choice->tail_least;
    double all = front.tail + sum_of(c->highs, front.count);
    return unknown > choice->rounding * all ? REFINE : UNDECIDED;
}

// The nucleus is the smallest set of the most probable tokens whose sum exceeds topp of all: by no
// more than the last of them. Parts are compared with the rest, not with the whole, for what is
// unknown of a part is then not counted twice.
Finding find_in_nucleus(Choice *choice, float coin, int32_t *found) {
    Chooser *c = choice->c;
    Bins bins;
    bins_fill(&bins, choice);
    Guess here = guess(&bins, choice, coin);
    choice->doubt = bins.all_high - bins.all_low;
    if (here.at < 0) return EXTEND;
    const Row *row = &c->rows[c->order[here.at]];
    *found = c->order[here.at];
    if (!c->certify) return FOUND;
    if (row->low <= choice->edge) return EXTEND;
    bool known;
    if (!stands_alone(&bins, choice, here, &known)) return known ? UNDECIDED : REFINE;

    Sum before = sum_of_rows(&bins, choice, 0, here.bin, bins.start[here.bin], here.at);
    Sum after = sum_of_rows(&bins, choice, here.bin + 1, BINS, here.at + 1, bins.start[here.bin + 1]);
    after.high += choice->tail;
    after.low += choice->tail_least;
    double topp = (double)c->topp, heads = (double)coin;
    double up = topp * (1.0 + choice->rounding), down = topp * (1.0 - choice->rounding);
    double last = weigh_last(&bins, choice, here.end, down);
    double all = before.high + row->high + after.high;
    double rounding = rounding_of(here.end < BINS ? choice->count : c->head->vocab) * all;
    bool begun = (1.0 - heads * down) * before.high + rounding <= heads * down * (row->low + after.low);
    bool not_over = heads * (up * after.high + last) + rounding <
                    (1.0 - heads * up) * (before.low + row->low);
    if (begun && not_over) return FOUND;
    double unknown = all - before.low - row->low - after.low;
    if (unknown > heads * last / 2 && unknown > rounding) return REFINE;
    return find_by_size(choice, &bins, here, coin);
}
