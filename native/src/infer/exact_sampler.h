// Choosing the next token from a screened classifier: what llama2.c's sampler would choose from all
// the logits in fp32, found by reading only those rows in fp32 that the choice depends on.
#ifndef DUO_CHOOSE_H
#define DUO_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
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
    const Head *head;
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

typedef enum { CHOSEN, OPEN, UNREADABLE } Outcome;

bool chooser_init(Chooser *chooser, const Head *head, const Simd *simd, float temperature,
                  float topp, Failure *failure);
void chooser_free(Chooser *chooser);

// The token that `coin`, 0 to 1, chooses (temperature 0 needs none), where value (tiles * TILE) is
// what Simd.screen made of the probe; it is overwritten. `probability`, if not NULL, gets the
// token's, to a few digits. OPEN: it is one or another by how llama2.c's sums are rounded; with all
// the logits in fp32 its sampler says which.
Outcome choose(Chooser *chooser, const Probe *probe, float *value, float coin, int32_t *id,
               float *probability);

// The probability of `id`; value as above. `all`: by 8 bits of every row, else by 4 bits of most, to
// a few digits.
float chooser_probability(Chooser *chooser, const Probe *probe, float *value, int32_t id, bool all);

#endif
