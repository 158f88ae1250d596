// The candidates of one sampling step: rows of the lm_head whose logits are known in 8 bits or
// fp32, and bounds of all the other rows. sample_top_p.c and sample_full.c search for the random
// draw among them.
#ifndef DUO_INFER_CANDIDATES_H
#define DUO_INFER_CANDIDATES_H

#include <stdbool.h>
#include <stdint.h>

#include "model/lm_head.h"

// A row whose logit is known better than by its 4 bits.
typedef struct {
    int32_t id, slot;
    float value, error;  // the logit is within value -+ error
    bool exact;          // the logit is value, bit for bit llama2.c's
    double low, high;    // bounds of its weight, exp((logit - largest logit) / temperature)
} Candidate;

typedef struct {
    uint64_t screened;  // rows in 4 bits, bounded by the centre, in 8 bits, in fp32
    uint64_t bounded;
    uint64_t fine;
    uint64_t exact;
    uint64_t samples;
    uint64_t undecidable;  // samples within llama2.c's float rounding
    uint64_t bytes;        // of the lm_head that were read
} SamplerCounters;

typedef struct {
    const LmHead *head;
    const Simd *simd;
    float temperature, topp;
    bool certify;     // mode exact: accept what all bounds imply; else trust the estimates
    Candidate *rows;  // (coded)
    double *highs;    // (coded) sorted, the largest first
    double *lows;     // (coded)
    int32_t *order;   // (coded) indices of rows, see histogram.h
    int32_t *spare;   // (coded)
    float *upper;     // (tiles * TILE) bounds of the rows that are not in `rows`; else -INFINITY
    float *peak;      // (tiles) the largest `upper` of each tile
    uint8_t *fine;    // (TILE, groups * 16)
    float margin;     // of the last sample without `certify`; see candidates_margin()
    float *buffer;    // (EXACT_ROWS, dim)
    SamplerCounters counters;
} ExactSampler;

typedef struct {
    ExactSampler *sampler;
    const LmHeadInput *input;
    float *value;     // estimates of the rows that are not in `rows`; else -INFINITY
    int32_t count;    // of rows
    int32_t exact;    // rows in fp32
    int32_t weighed;  // rows, the first ones, whose weights are set
    double doubt;     // total uncertainty of the rows' weights
    float reach;      // rows whose upper bound is not below this are in `rows`
    float max_logit;  // the largest logit, subtracted in exponents
    float peak;       // max_logit / temperature
    float collapsed;  // upper bound of a collapsed row's logit; -INFINITY: there are none
    float collapsed_least;
    double others;  // upper bound of the weight of all coded rows that are not in `rows`
    double tail;    // the same with the collapsed rows
    double tail_least;
    double rounding;  // bound of the relative rounding error of llama2.c's sum of all weights
    double edge;      // upper bound of the weight of any row that is not in `rows`
    bool costly;      // reading all rows in order would be cheaper
    bool unreadable;
} Candidates;

static inline bool candidate_reaches(const Candidate *row, double lower) {
    return !((double)row->value + (double)row->error < lower);
}

// Add the row of `slot`, in 8 bits; add every row whose upper bound reaches `reach`.
void candidates_add(Candidates *c, int32_t slot);
void candidates_extend(Candidates *c, float reach);

// Add all rows that may have the largest logit, which is at least `lower`; read them in fp32 if
// there are several, or `always`. False where a collapsed row may have the largest logit.
bool candidates_settle(Candidates *c, float lower, bool always);

// Set the weights of new rows and, if rows were added (`extended`), the bounds of the other rows.
void candidates_weigh(Candidates *c, bool extended);

// Read the most uncertain rows in fp32. False where all are in fp32 already, or where so many would
// be read that reading all rows in order is cheaper.
bool candidates_refine(Candidates *c);

// How far a random draw at `at` is from the ends of the chosen token's interval, in units in which
// errors of the logits move them: an end at a share p of all weights moves by sqrt(p (1 - p)).
float candidates_margin(double before, double at, double after);

// The result of a search: found; more precise rows or more rows are needed; or float rounding
// decides.
typedef enum { SEARCH_FOUND, SEARCH_REFINE, SEARCH_EXTEND, SEARCH_UNDECIDABLE } SearchStatus;

// Bound of the relative error of a float sum of n weights: six standard deviations. An addition is
// off by at most 2^-24, either way, with a standard deviation of 2^-25, and n of them by sqrt(n)
// times that.
double rounding_bound(double n);

#endif
