#include "pack/pack_collapsed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/ops_f32.h"

static const double LOGIT_SLACK = 1.0;  // of a logit

enum {
    TRIED_CENTRES = 16,  // rows that are tried as a centre; a large cluster holds some of them
    MIN_ROWS = 256,      // rows, at least, and
    MIN_SHARE = 16,      // 1 / 16 of all: below that a centre is not worth it
};

// The squared distance between two rows; any number above `limit` where it exceeds that.
static double distance(const float *a, const float *b, int32_t dim, double limit) {
    double total = 0.0;
    for (int32_t i = 0; i < dim && total <= limit; i++) {
        double d = (double)a[i] - (double)b[i];
        total += d * d;
    }
    return isfinite(total) ? total : INFINITY;
}

static int32_t count_near(const float *rows, int32_t vocab, int32_t dim, const float *centre,
                          double limit, bool *within) {
    int32_t count = 0;
    for (int32_t i = 0; i < vocab; i++) {
        within[i] = distance(rows + (int64_t)i * dim, centre, dim, limit) <= limit;
        count += within[i];
    }
    return count;
}

static void average(const float *rows, int32_t vocab, int32_t dim, const bool *within,
                    int32_t count, float *centre) {
    for (int32_t i = 0; i < dim; i++) {
        double total = 0.0;
        for (int32_t row = 0; row < vocab; row++) {
            if (within[row]) total += (double)rows[(int64_t)row * dim + i];
        }
        centre[i] = (float)(total / count);
    }
}

void pack_collapsed(const Checkpoint *checkpoint, CollapsedRows *found) {
    const float *rows = checkpoint->classifier;
    int32_t vocab = checkpoint->config.vocab, dim = checkpoint->config.dim;
    bool *collapsed = found->collapsed;
    // The classifier's input has about the norm of final_norm. Within this distance of the centre
    // no logit differs by more than LOGIT_SLACK from the centre's.
    double squares = norm_squared(checkpoint->final_norm, dim);
    double limit = squares > 0.0 ? LOGIT_SLACK * LOGIT_SLACK / squares : 0.0;
    memset(collapsed, 0, (size_t)vocab * sizeof *collapsed);
    memset(found->centre, 0, (size_t)dim * sizeof *found->centre);
    found->radius = 0.0f;
    found->count = 0;
    int32_t best = 0;
    const float *chosen = NULL;
    for (int32_t guess = 0; guess < TRIED_CENTRES && best * 2 < vocab; guess++) {
        int64_t middle = ((int64_t)guess * 2 + 1) * vocab / (2 * TRIED_CENTRES);
        const float *row = rows + middle * dim;
        int32_t count = count_near(rows, vocab, dim, row, limit, collapsed);
        if (count > best) {
            best = count;
            chosen = row;
        }
    }
    if (best < MIN_ROWS || best < vocab / MIN_SHARE) {
        memset(collapsed, 0, (size_t)vocab * sizeof *collapsed);
        return;
    }
    count_near(rows, vocab, dim, chosen, limit, collapsed);
    if (best == vocab) {  // an lm_head has at least one coded row
        collapsed[0] = false;
        best--;
    }
    average(rows, vocab, dim, collapsed, best, found->centre);
    double farthest = 0.0;
    for (int32_t i = 0; i < vocab; i++) {
        if (collapsed[i]) {
            farthest =
                fmax(farthest, distance(rows + (int64_t)i * dim, found->centre, dim, INFINITY));
        }
    }
    found->radius = (float)sqrt(farthest) * 1.000001f;
    found->count = best;
}
