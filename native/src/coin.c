#include <math.h>
#include <stdlib.h>

#include "choice.h"

double rounding_of(double n) { return 6.0 * sqrt(n) / 33554432.0; }

// Weights that differ by less may be one probability, after llama2.c's division, and then stand in
// the order of their ids.
static const double APART = 1.0 + 1.0 / 2097152.0;

static int largest_first(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x < *y) - (*x > *y);
}

static int likeliest_first(const void *a, const void *b) {
    const Row *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? 1 : -1;
    return (x->id > y->id) - (x->id < y->id);
}

// What is nearly in order is put so by moving some; where that takes more than MOVES for each, the
// rest is left to qsort.
enum { MOVES = 12 };

static void sort_rows(Row *rows, int32_t n) {
    int64_t moves = (int64_t)n * MOVES;
    for (int32_t i = 1; i < n && moves >= 0; i++) {
        Row row = rows[i];
        int32_t at = i;
        for (; at > 0 && likeliest_first(&row, &rows[at - 1]) < 0; at--) rows[at] = rows[at - 1];
        rows[at] = row;
        moves -= i - at;
    }
    if (moves < 0) qsort(rows, (size_t)n, sizeof *rows, likeliest_first);
}

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

static int by_id(const void *a, const void *b) {
    const Row *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static double sum_of(const double *sorted, int32_t n) {
    double sum = 0.0;
    for (int32_t i = 0; i < n; i++) sum += sorted[i];
    return sum;
}

// Whether rows[at] is the one of its rank, whatever the true values are; *known: whether the values
// that leave it open are known, so that only rounding does.
static bool stands_alone(const Chooser *c, int32_t count, int32_t at, bool *known) {
    const Row *row = &c->rows[at];
    bool alone = true;
    *known = true;
    for (int32_t i = 0; i < count; i++) {
        const Row *other = &c->rows[i];
        if (i == at || (i < at ? other->low > row->high * APART : other->high * APART < row->low)) {
            continue;
        }
        alone = false;
        *known = *known && other->exact && row->exact;
    }
    return alone;
}

// The rank at which the coin falls by the likeliest values.
static int32_t likely_rank(const Choice *choice, int32_t front, double tail, float coin) {
    const Chooser *c = choice->c;
    double all = tail, sum = 0.0, target;
    int32_t size = 0, rank = 0;
    for (int32_t i = 0; i < front; i++) all += (c->rows[i].high + c->rows[i].low) / 2;
    for (target = (double)c->topp * all; size < front && sum <= target; size++) {
        sum += (c->rows[size].high + c->rows[size].low) / 2;
    }
    target = (double)coin * sum;
    for (sum = 0.0; rank < size && sum <= target; rank++) {
        sum += (c->rows[rank].high + c->rows[rank].low) / 2;
    }
    return rank;
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

// The rows at the front, which may be in the nucleus, the likeliest first; the others are tail.
typedef struct {
    int32_t count;
    double tail, tail_least;
    double nearest;  // at most, the weight of a row that is not at the front
} Front;

static Front sort_front(Choice *choice) {
    enum { STEPS = 128, IN_ONE = 4 };  // steps of a quarter, so that the last is e^-32
    Chooser *c = choice->c;
    double lows[STEPS] = {0}, all = choice->tail, sum = 0.0;
    for (int32_t i = 0; i < choice->count; i++) {
        const Row *row = &c->rows[i];
        double down = row->low > 0.0 ? -IN_ONE * log(row->low) : STEPS;
        lows[down < 0.0 ? 0 : down < STEPS - 1 ? (int32_t)down : STEPS - 1] += row->low;
        all += row->high;
    }
    int32_t last = 0;
    for (; last < STEPS - 1 && sum <= (double)c->topp * all * 1.01; last++) sum += lows[last];
    double least = exp(-(double)last / IN_ONE);
    Front front = {0, choice->tail, choice->tail_least, choice->edge};
    for (int32_t i = 0; i < choice->count; i++) {
        Row row = c->rows[i];
        if (row.high >= least || last == STEPS - 1) {
            c->rows[i] = c->rows[front.count];
            c->rows[front.count++] = row;
        } else {
            front.tail += row.high;
            front.tail_least += row.low;
        }
    }
    sort_rows(c->rows, front.count);
    if (front.count < choice->count) front.nearest = fmax(choice->edge, least);
    return front;
}

// The bounds of the n rows at the front, each kind sorted. They nearly are, as the rows are.
static void sort_bounds(Chooser *c, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        c->highs[i] = c->rows[i].high;
        c->lows[i] = c->rows[i].low;
    }
    sort_weights(c->highs, n);
    sort_weights(c->lows, n);
}

// The smallest set of the most probable tokens whose sum exceeds topp of all, and the one of them
// where the coin falls. The sums of the n largest of the highs, and of the lows, are bounds of the
// sum of the n most probable. Parts are compared with the rest, not with the whole, for what is
// unknown of a part is then not counted twice.
Finding find_in_nucleus(Choice *choice, float coin, int32_t *found) {
    Chooser *c = choice->c;
    Front front = sort_front(choice);
    int32_t n = front.count;
    int32_t rank = likely_rank(choice, n, (front.tail + front.tail_least) / 2, coin);
    if (rank == 0) return EXTEND;
    *found = rank - 1;
    if (!c->certify) return FOUND;
    sort_bounds(c, n);

    double topp = (double)c->topp, up = topp * (1.0 + choice->rounding);
    double down = topp * (1.0 - choice->rounding);
    int32_t least = size_of_nucleus(c->highs, c->lows, n, front.tail_least, down);
    int32_t most = size_of_nucleus(c->lows, c->highs, n, front.tail, up);
    if (most > n || c->highs[most - 1] < choice->edge) return EXTEND;
    if (c->rows[rank - 1].low <= choice->edge) return EXTEND;
    if (c->highs[most - 1] < front.nearest || c->rows[rank - 1].low <= front.nearest) return REFINE;
    bool known;
    if (!stands_alone(c, n, rank - 1, &known)) return known ? UNDECIDED : REFINE;

    // The row stands alone, so those before it are the same ones in both orders.
    double heads = (double)coin, tails = 1.0 - heads, one = c->lows[rank - 1];
    double before_high = sum_of(c->highs, rank - 1), before_low = sum_of(c->lows, rank - 1);
    double after_low = least > rank ? sum_of(c->lows + rank, least - rank) : 0.0;
    double after_high = most > rank ? sum_of(c->highs + rank, most - rank) : 0.0;
    double rounding = rounding_of(most) * (before_high + one + after_high);
    bool begun = tails * before_high + rounding <= heads * (one + after_low);
    bool not_over = heads * after_high + rounding < tails * (before_low + one);
    if (least >= rank && begun && not_over) return FOUND;

    // Would it be open if all weights were known, by how many are in the nucleus and by rounding?
    double middle = (front.tail + front.tail_least) / 2;
    int32_t fewest = size_of_nucleus(c->highs, c->highs, n, middle, down);
    int32_t largest = size_of_nucleus(c->highs, c->highs, n, middle, up);
    if (fewest == largest) {
        bool doubtful = before_high - before_low + after_high - after_low > rounding;
        return doubtful || least != most ? REFINE : UNDECIDED;
    }
    double unknown = front.tail - front.tail_least;
    for (int32_t i = 0; i < n; i++) unknown += c->rows[i].high - c->rows[i].low;
    double all = front.tail + sum_of(c->highs, n);
    return unknown > choice->rounding * all ? REFINE : UNDECIDED;
}

// The token where the coin falls when all stand side by side in the order of their ids. Where the
// rows that are not taken in stand is not known: anywhere.
Finding find_in_all(Choice *choice, float coin, int32_t *found) {
    Chooser *c = choice->c;
    int32_t n = choice->count;
    qsort(c->rows, (size_t)n, sizeof *c->rows, by_id);
    double high_rest = 0.0, low_rest = 0.0, high = 0.0, low = 0.0;
    for (int32_t i = 0; i < n; i++) {
        high_rest += c->rows[i].high;
        low_rest += c->rows[i].low;
    }
    double unknown = high_rest - low_rest + choice->tail - choice->tail_least;
    double rounding = c->certify ? 2.0 * choice->rounding * (low_rest + choice->tail_least) : 0.0;
    double heads = (double)coin, tails = 1.0 - heads;
    double anywhere = c->certify ? choice->tail : 0.0;
    // before < coin * all <= before + this, with before + after = all:
    for (int32_t i = 0; i < n; i++) {
        const Row *row = &c->rows[i];
        bool after_last = tails * (high + anywhere) + rounding <= heads * low_rest;
        high += row->high;
        low += row->low;
        high_rest -= row->high;
        low_rest -= row->low;
        double rest = fmax(high_rest, 0.0) + choice->tail;
        bool before_next = tails * low - rounding > heads * rest;
        if (!before_next) continue;
        *found = i;
        if (after_last) return FOUND;
        if (unknown + anywhere < rounding) return UNDECIDED;
        return anywhere > (high - low) / 4 ? EXTEND : REFINE;
    }
    return unknown + anywhere < rounding ? UNDECIDED : EXTEND;
}
