// Candidates in a histogram by logit, the likeliest first. Top-p sampling needs sums over bins, and
// an order only within the bins that contain the random draw or the cut-off: no full sort.
#ifndef DUO_INFER_HISTOGRAM_H
#define DUO_INFER_HISTOGRAM_H

#include "infer/candidates.h"

// A bin is a quarter of the temperature wide, so that the last one begins at e^-32.
enum { BINS = 128, BINS_PER_TEMPERATURE = 4 };

typedef struct {
    int32_t start[BINS + 1];       // first index of each bin in ExactSampler.order
    double high[BINS], low[BINS];  // sums of the upper, lower bounds of the weights
    double highest[BINS];          // largest upper bound
    double lowest[BINS];           // smallest lower bound
    double all_high, all_low;
} Histogram;

// Fill the histogram, and ExactSampler.order with the indices of all rows, bin after bin.
void histogram_fill(Histogram *h, const Candidates *c);

// Sort the rows of one bin: the largest logit first, ties by the lower id.
void histogram_sort_bin(const Histogram *h, const Candidates *c, int bin);

#endif
