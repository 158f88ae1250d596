// The rows of a choice in bins, the likeliest first: most of what a nucleus depends on are sums of
// bins, and only the bin where the coin falls needs an order.
#ifndef DUO_BINS_H
#define DUO_BINS_H

#include "infer/candidates.h"

enum { BINS = 128, IN_ONE = 4 };  // a quarter of the temperature wide: the last begins at e^-32

typedef struct {
    int32_t start[BINS + 1];         // where each begins in Chooser.order
    double high[BINS], low[BINS];    // sums of the bounds of its rows' weights
    double highest[BINS];            // of high
    double lowest[BINS];             // of low
    double all_high, all_low;
} Bins;

// Fill Chooser.order with the indices of all rows, bin after bin.
void bins_fill(Bins *bins, const Choice *choice);

// Put the rows of one bin in order: the likeliest first, of equal ones the one with the lower id.
void bins_sort(const Bins *bins, const Choice *choice, int bin);

#endif
