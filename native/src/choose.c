#include "choose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// llama2.c adds weights in float, one after another: each sum is off by at most half its last bit,
// 2^-24 of it. Weights larger than that bit are off to either side, so that n of them are off by
// some sqrt(n) times a standard deviation of 2^-25: this takes six. Smaller ones may all be off to
// the same side: most of them are lost.
static double rounding_of(double n) { return 6.0 * sqrt(n) / 33554432.0; }
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
    c->buffer = malloc((size_t)head->dim * sizeof *c->buffer);
    if (c->rows && c->highs && c->lows && c->upper && c->buffer) return true;
    chooser_free(c);
    return fail(failure, EXIT_UNEXPECTED, "not enough memory to choose from %d tokens", head->told);
}

void chooser_free(Chooser *c) {
    free(c->rows);
    free(c->highs);
    free(c->lows);
    free(c->upper);
    free(c->buffer);
    *c = (Chooser){0};
}

// One choice while it is made.
typedef struct {
    Chooser *c;
    const Probe *probe;
    float *value;      // of the rows that are not yet in `rows`; -INFINITY of those that are
    int32_t count;     // of rows
    float reach;       // rows whose upper bound is not below this are in `rows`
    float most;        // what exponents are relative to
    float collapsed;   // upper bound of the logit of each collapsed row; -INFINITY: there are none
    float collapsed_least;
    double others;     // at most, the weight of all rows that may yet be taken in
    double tail;       // that, and the weight of the collapsed ones
    double tail_least;
    double rounding;   // at most, how far llama2.c's sum of all the weights is off, as a share of it
    double edge;       // at most, the weight of one of them
    bool unreadable;
} Choice;

static void weigh(Choice *choice, Row *row) {
    float t = choice->c->temperature;
    row->high = (double)expf((row->value + row->error - choice->most) / t);
    row->low = (double)expf((row->value - row->error - choice->most) / t);
}

static void add_row(Choice *choice, int32_t slot) {
    Chooser *c = choice->c;
    const Head *head = c->head;
    Row *row = &c->rows[choice->count++];
    *row = (Row){.id = head->ids[slot], .slot = slot};
    if (!head_fine(head, c->simd, choice->probe, slot, choice->value[slot], &row->value)) {
        choice->unreadable = true;
    }
    row->error = c->certify ? head_fine_error(head, choice->probe, slot) + c->guard : 0.0f;
    choice->value[slot] = c->upper[slot] = -INFINITY;
    c->counters.fine++;
    c->counters.bytes += (uint64_t)head->groups * (GROUP / 2);
}

static void make_exact(Choice *choice, Row *row) {
    Chooser *c = choice->c;
    if (!head_exact(c->head, c->simd, choice->probe, row->id, c->buffer, &row->value)) {
        choice->unreadable = true;
    }
    row->error = c->guard;
    row->exact = true;
    c->counters.exact++;
    c->counters.bytes += (uint64_t)c->head->dim * sizeof(float);
}

// Take in every row whose upper bound reaches `reach`.
static void extend(Choice *choice, float reach) {
    Chooser *c = choice->c;
    choice->reach = reach;
    for (int32_t slot = 0; slot < c->head->told; slot++) {
        if (c->upper[slot] >= reach && choice->count < c->head->told) add_row(choice, slot);
    }
}

static void weigh_rounding(Choice *choice) {
    const Chooser *c = choice->c;
    double sum = choice->tail_least, lost = 0.0;
    for (int32_t i = 0; i < choice->count; i++) sum += c->rows[i].low;
    double half = HALF_BIT * sum;
    for (int32_t i = 0; i < choice->count; i++) {
        if (c->rows[i].low < 2.0 * half) lost += fmin(c->rows[i].high, half);
    }
    lost += fmin(choice->tail, (c->head->vocab - choice->count) * half);
    choice->rounding = c->certify ? rounding_of(c->head->told) + lost / sum : 0.0;
}

// The rows that are not taken in, as weights.
static void weigh_tail(Choice *choice) {
    Chooser *c = choice->c;
    const Head *head = c->head;
    float scale = 1.0f / c->temperature;
    choice->others = choice->edge = 0.0;
    if (choice->count < head->told) {
        const float *x = c->certify ? c->upper : choice->value;
        choice->others = (double)c->simd->mass(x, choice->most, scale, head->told) * 1.0001 +
                         head->told * 1e-13;
        choice->edge = (double)expf((choice->reach - choice->most) * scale);
    }
    choice->tail = choice->others;
    choice->tail_least = c->certify ? 0.0 : choice->others;
    if (head->told < head->vocab) {
        double one = (double)expf((choice->collapsed - choice->most) * scale);
        double least = (double)expf((choice->collapsed_least - choice->most) * scale);
        choice->tail += (head->vocab - head->told) * one;
        choice->tail_least += (head->vocab - head->told) * least;
        choice->edge = fmax(choice->edge, one);
    }
    weigh_rounding(choice);
}

// What a step found out: the row, or what must be known better.
typedef enum { FOUND, REFINE, EXTEND } Finding;

static int largest_first(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x < *y) - (*x > *y);
}

static int likeliest_first(const void *a, const void *b) {
    const Row *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? 1 : -1;
    return (x->id > y->id) - (x->id < y->id);
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

// Whether rows[at] is the one of its rank, whatever the true values are.
static bool stands_alone(const Chooser *c, int32_t count, int32_t at) {
    if (!c->certify) return true;
    for (int32_t i = 0; i < count; i++) {
        bool apart = i < at ? c->rows[i].low > c->rows[at].high : c->rows[i].high < c->rows[at].low;
        if (i != at && !apart) return false;
    }
    return true;
}

// The rank at which the coin falls by the likeliest values, and the size of the nucleus.
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

// Move the rows that may be in the nucleus to the front, the likeliest first; their number. The
// others' weights are added to the tail's bounds.
static int32_t sort_front(Choice *choice, double *tail, double *tail_least) {
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
    int32_t front = 0;
    *tail = choice->tail;
    *tail_least = choice->tail_least;
    for (int32_t i = 0; i < choice->count; i++) {
        Row row = c->rows[i];
        if (row.high >= least || last == STEPS - 1) {
            c->rows[i] = c->rows[front];
            c->rows[front++] = row;
        } else {
            *tail += row.high;
            *tail_least += row.low;
        }
    }
    qsort(c->rows, (size_t)front, sizeof *c->rows, likeliest_first);
    choice->edge = front < choice->count ? fmax(choice->edge, least) : choice->edge;
    return front;
}

// The smallest set of the most probable tokens whose sum exceeds topp of all, and the one of them
// where the coin falls. The sums of the n largest of the highs, and of the lows, are bounds of the
// sum of the n most probable. Parts are compared with the rest, not with the whole, for what is
// unknown of a part is then not counted twice.
static Finding find_in_nucleus(Choice *choice, float coin, int32_t *found) {
    Chooser *c = choice->c;
    double tail, tail_least, edge = choice->edge;
    int32_t n = sort_front(choice, &tail, &tail_least);
    double nearest = choice->edge;
    choice->edge = edge;
    for (int32_t i = 0; i < n; i++) {
        c->highs[i] = c->rows[i].high;
        c->lows[i] = c->rows[i].low;
    }
    int32_t rank = likely_rank(choice, n, (tail + tail_least) / 2, coin);
    if (rank == 0) return EXTEND;
    *found = rank - 1;
    if (!c->certify) return FOUND;
    qsort(c->highs, (size_t)n, sizeof *c->highs, largest_first);
    qsort(c->lows, (size_t)n, sizeof *c->lows, largest_first);

    double topp = (double)c->topp;
    int32_t least = size_of_nucleus(c->highs, c->lows, n, tail_least, topp * (1.0 - choice->rounding));
    int32_t most = size_of_nucleus(c->lows, c->highs, n, tail, topp * (1.0 + choice->rounding));
    if (most > n || c->highs[most - 1] < edge) return EXTEND;
    if (c->rows[rank - 1].low <= edge) return EXTEND;
    if (c->highs[most - 1] < nearest || c->rows[rank - 1].low <= nearest) return REFINE;
    if (least < rank || !stands_alone(c, n, rank - 1)) return REFINE;

    // The row stands alone, so those before it are the same ones in both orders.
    double heads = (double)coin, tails = 1.0 - heads, one = c->lows[rank - 1];
    double before_high = sum_of(c->highs, rank - 1), before_low = sum_of(c->lows, rank - 1);
    double after_low = sum_of(c->lows + rank, least - rank);
    double after_high = sum_of(c->highs + rank, most - rank);
    double rounding = rounding_of(most) * (before_high + one + after_high);
    bool begun = tails * before_high + rounding <= heads * (one + after_low);
    bool not_over = heads * after_high + rounding < tails * (before_low + one);
    return begun && not_over ? FOUND : REFINE;
}

// The token where the coin falls when all stand side by side in the order of their ids. Where the
// rows that are not taken in stand is not known: anywhere.
static Finding find_in_all(Choice *choice, float coin, int32_t *found) {
    Chooser *c = choice->c;
    int32_t n = choice->count;
    qsort(c->rows, (size_t)n, sizeof *c->rows, by_id);
    double high_rest = 0.0, low_rest = 0.0, high = 0.0, low = 0.0;
    for (int32_t i = 0; i < n; i++) {
        high_rest += c->rows[i].high;
        low_rest += c->rows[i].low;
    }
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
        if (before_next) {
            *found = i;
            return after_last ? FOUND : anywhere > (high - low) / 4 ? EXTEND : REFINE;
        }
    }
    return EXTEND;
}

// Read in fp32 the rows that leave the most open. False where all of them are known so.
static bool refine(Choice *choice) {
    Chooser *c = choice->c;
    double widest = 0.0;
    for (int32_t i = 0; i < choice->count; i++) {
        const Row *row = &c->rows[i];
        if (!row->exact) widest = fmax(widest, row->high - row->low);
    }
    if (!(widest > 0.0)) return false;
    for (int32_t i = 0; i < choice->count; i++) {
        Row *row = &c->rows[i];
        if (row->exact || row->high - row->low < widest / 4) continue;
        make_exact(choice, row);
        weigh(choice, row);
    }
    return true;
}

// What is not known of all the weights: in all, and because of the guard and of rounding alone.
static double doubt(const Choice *choice, double *guarded) {
    double all = 0.0;
    *guarded = 0.0;
    for (int32_t i = 0; i < choice->count; i++) {
        const Row *row = &choice->c->rows[i];
        all += row->high - row->low;
        *guarded += 2.0 * row->low * ((double)(choice->c->guard / choice->c->temperature) +
                                      choice->rounding);
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

static Outcome sample(Choice *choice, float most, float coin, int32_t *found, int32_t *id) {
    Chooser *c = choice->c;
    bool nucleus = c->topp > 0.0f && c->topp < 1.0f;
    float step = NEXT_REACH * c->temperature;
    // The bound of four bits is wide: what may be the largest says how large the largest is.
    extend(choice, most);
    choice->most = fmaxf(most, best_low(choice));
    extend(choice, choice->most - FIRST_REACH * c->temperature);
    for (int32_t i = 0; i < choice->count; i++) weigh(choice, &c->rows[i]);
    weigh_tail(choice);
    for (int step_count = 0; step_count < MOST_STEPS; step_count++) {
        if (choice->unreadable) return UNREADABLE;
        Finding finding = nucleus ? find_in_nucleus(choice, coin, found)
                                  : find_in_all(choice, coin, found);
        if (finding == FOUND) {
            *id = c->rows[*found].id;
            return CHOSEN;
        }
        bool all = choice->count == c->head->told;
        if (!c->certify && !nucleus) return find_in_tail(choice, coin, id);
        double guarded, doubtful = doubt(choice, &guarded);
        bool wide = choice->others > doubtful / 4;
        // Where nearly all that is unknown is the guard, nothing that could be read would help.
        if (c->certify && finding == REFINE && doubtful + choice->others < 1.5 * guarded) break;
        if (c->certify && finding == REFINE && !wide && refine(choice)) continue;
        if (!all && (wide || finding == EXTEND)) {
            int32_t before = choice->count;
            // Where nothing is near, the next row is far: look further each time.
            extend(choice, choice->reach - step);
            step *= 1.5f;
            for (int32_t i = before; i < choice->count; i++) weigh(choice, &c->rows[i]);
            weigh_tail(choice);
            continue;
        }
        if (!c->certify || !refine(choice)) break;
    }
    if (c->certify || choice->count == 0) return OPEN;
    *found = choice->count - 1;  // the sums were rounded to less than the coin
    *id = c->rows[*found].id;
    return CHOSEN;
}

// Drop the rows that cannot be the largest.
static void keep_reaching(Choice *choice) {
    float best = best_low(choice);
    int32_t kept = 0;
    for (int32_t i = 0; i < choice->count; i++) {
        Row row = choice->c->rows[i];
        if (row.value + row.error >= best) choice->c->rows[kept++] = row;
    }
    choice->count = kept;
}

static Outcome greedy(Choice *choice, float most, int32_t *found) {
    Chooser *c = choice->c;
    extend(choice, most);
    keep_reaching(choice);
    if (choice->unreadable) return UNREADABLE;
    *found = 0;
    if (!c->certify) {
        for (int32_t i = 1; i < choice->count; i++) {
            if (c->rows[i].value > c->rows[*found].value) *found = i;
        }
        return choice->count > 0 ? CHOSEN : OPEN;
    }
    if (choice->count > 1) {
        for (int32_t i = 0; i < choice->count; i++) make_exact(choice, &c->rows[i]);
        keep_reaching(choice);
        if (choice->unreadable) return UNREADABLE;
    }
    return choice->count == 1 && choice->collapsed < best_low(choice) ? CHOSEN : OPEN;
}

// The bounds of what the collapsed rows have in common.
static void bound_collapsed(Choice *choice) {
    const Chooser *c = choice->c;
    const Head *head = c->head;
    choice->collapsed = choice->collapsed_least = -INFINITY;
    if (head->told == head->vocab) return;
    float centre = c->simd->dot(head->centre, choice->probe->x, head->dim);
    float slack = fabsf(centre) * 1e-5f + 1e-5f * choice->probe->length;
    float wide = c->certify ? head->radius * choice->probe->length + slack + c->guard : 0.0f;
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
    return head_bounds(c->head, c->simd, &likely, value, c->upper);
}

Outcome choose(Chooser *c, const Probe *probe, float *value, float coin, int32_t *id,
               float *probability) {
    Choice choice;
    float most = begin(&choice, c, probe, value);
    c->counters.screened += (uint64_t)c->head->told;
    c->counters.bounded += (uint64_t)(c->head->vocab - c->head->told);
    c->counters.choices++;

    int32_t found = -1;
    Outcome outcome;
    if (c->temperature == 0.0f) {
        outcome = greedy(&choice, most, &found);
        if (outcome == CHOSEN) *id = c->rows[found].id;
    } else {
        outcome = sample(&choice, most, coin, &found, id);
    }
    if (outcome == OPEN) c->counters.open++;
    if (outcome == CHOSEN && probability) {
        *probability = found < 0 ? NAN : share_of(&choice, c->rows[found].value);
    }
    return outcome;
}

float chooser_probability(Chooser *c, const Probe *probe, float *value, int32_t id) {
    Choice choice;
    begin(&choice, c, probe, value);
    int32_t slot = head_slot(c->head, id);
    if (slot < 0) return share_of(&choice, choice.collapsed);
    add_row(&choice, slot);
    return choice.unreadable ? NAN : share_of(&choice, c->rows[0].value);
}
