// One choice while it is made: the rows that are known well, bounds of all the others, and where
// the coin falls among them (nucleus.c, coin.c).
#ifndef DUO_CHOICE_H
#define DUO_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/lm_head.h"

// A row that is known better than by its four bits.
typedef struct {
    int32_t id, slot;
    float value, error;  // its logit is within value -+ error
    bool exact;          // the logit is value, to the bit
    double low, high;    // of its weight, exp((logit - the largest) / temperature)
} Row;

typedef struct {
    uint64_t screened;  // rows by 4 bits, bounded by the centre, by 8 bits, in fp32
    uint64_t bounded;
    uint64_t fine;
    uint64_t exact;
    uint64_t choices;
    uint64_t open;      // choices that the order of llama2.c's sums decides
    uint64_t bytes;     // of the classifier
} Counters;

typedef struct {
    const LmHead *head;
    const Simd *simd;
    float temperature, topp;
    bool certify;      // no doubt is left: mode exact. Else the likeliest values are taken as true
    Row *rows;         // (told)
    double *highs;     // (told) sorted, the largest first
    double *lows;      // (told)
    int32_t *order;    // (told) indices of rows, see bins.h
    int32_t *spare;    // (told)
    float *upper;      // (tiles * TILE) of the rows that are not yet among `rows`
    float *peak;       // (tiles) none of a tile's is larger
    uint8_t *fine;     // (TILE, groups * 16)
    float *buffer;     // (EXACT_ROWS, dim)
    Counters counters;
} Chooser;

typedef struct {
    Chooser *c;
    const LmHeadInput *input;
    float *value;      // of the rows that are not yet in `rows`; -INFINITY of those that are
    int32_t count;     // of rows
    int32_t exact;     // of them, in fp32
    int32_t weighed;   // of them, the first ones
    double doubt;      // what is not known of the weights of the rows
    float reach;       // rows whose upper bound is not below this are in `rows`
    float most;        // the largest logit: what exponents are relative to
    float peak;        // most / temperature
    float collapsed;   // upper bound of the logit of each collapsed row; -INFINITY: there are none
    float collapsed_least;
    double others;     // at most, the weight of all rows that may yet be taken in
    double tail;       // that, and the weight of the collapsed ones
    double tail_least;
    double rounding;   // at most, how far llama2.c's sum of all the weights is off, as a share of it
    double edge;       // at most, the weight of one row that is not taken in
    bool costly;       // more rows would be read one by one than pays
    bool unreadable;
} Choice;

static inline bool row_reaches(const Row *row, double least) {
    return !((double)row->value + (double)row->error < least);
}

// Take in the row of `slot`, by 8 bits; every row whose upper bound reaches `reach`.
void choice_add(Choice *choice, int32_t slot);
void choice_extend(Choice *choice, float reach);

// Take in all rows that may be the largest, whose logit is `least` or more; where several may, or
// where `always`, read those in fp32. False where a collapsed row may be.
bool choice_settle(Choice *choice, float least, bool always);

// Weigh the rows that are new and, where some were taken in, those that were not.
void choice_weigh(Choice *choice, bool extended);

// Read in fp32 the rows that leave the most open. False where all of them are known so, or where
// so many would be read that it takes less to read all rows in their order.
bool choice_refine(Choice *choice);

// What a step found out: the row, or what must be known better, or that nothing would help.
typedef enum { FOUND, REFINE, EXTEND, UNDECIDED } Finding;

// How far a sum of n weights in float may be off, as a share of it: each addition is off by at most
// half its last bit, 2^-24, to either side, so that n of them are off by some sqrt(n) times a
// standard deviation of 2^-25: this takes six.
double rounding_of(double n);

#endif
