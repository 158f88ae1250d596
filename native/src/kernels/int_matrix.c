// Quantises fp32 weights to the int8 plane (int_matrix.h has the formula): a row's scale is the
// power of two that fits its largest weight into the plane; a group's multiplier is the smallest
// that fits its largest weight into 127 steps.
#include "kernels/int_matrix.h"

#include <math.h>
#include <stddef.h>

static const double MAX_HIGH = 127.0, MAX_MULTIPLIER = 255.0;

// Scales stay so far from the ends of float that their multiples are numbers: rows that are smaller
// or larger than any model's are coded badly, which costs drafts.
enum { MIN_EXPONENT = -74, MAX_EXPONENT = 76 };

static float largest(const float *w, int32_t n) {
    float most = 0.0f;
    for (int32_t i = 0; i < n; i++) {
        // NaN is no larger than anything, and infinity is cut to the largest float
        if (fabsf(w[i]) > most) most = fminf(fabsf(w[i]), 3.4e38f);
    }
    return most;
}

static float scale_of(const float *w, int32_t n) {
    double steps = (double)largest(w, n) / (MAX_MULTIPLIER * MAX_HIGH);
    int exponent = steps > 0.0 ? (int)ceil(log2(steps)) : MIN_EXPONENT;
    if (exponent < MIN_EXPONENT) exponent = MIN_EXPONENT;
    if (exponent > MAX_EXPONENT) exponent = MAX_EXPONENT;
    return ldexpf(1.0f, exponent);
}

static uint8_t multiplier_of(const float *w, int32_t n, float scale) {
    double steps = ceil((double)largest(w, n) / ((double)scale * MAX_HIGH));
    return (uint8_t)(steps < 1.0 ? 1.0 : steps > MAX_MULTIPLIER ? MAX_MULTIPLIER : steps);
}

static int8_t quantise_weight(float w, float scale, uint8_t multiplier) {
    double steps = (double)w / ((double)scale * multiplier);
    if (isnan(steps)) return 0;
    return (int8_t)nearbyint(fmin(fmax(steps, -MAX_HIGH), MAX_HIGH));
}

// `row` (columns) becomes a lane of its tile; NULL beyond the last row: rows and columns are padded.
static void pack_row(const IntMatrix *m, const IntMatrixPlanes *out, const float *row, int32_t tile,
                     int32_t lane) {
    float scale = row ? scale_of(row, m->columns) : 1.0f;
    out->scale[tile * TILE + lane] = scale;
    for (int32_t group = 0; group < m->groups; group++) {
        int32_t start = group * GROUP, left = m->columns - start;
        int32_t width = !row ? 0 : left < GROUP ? left : GROUP;
        int64_t block = (int64_t)tile * m->groups + group;
        uint8_t multiplier = width ? multiplier_of(row + start, width, scale) : 1;
        out->multiplier[block * TILE + lane] = multiplier;
        for (int32_t i = 0; i < GROUP; i++) {
            float w = i < width ? row[start + i] : 0.0f;
            int64_t at = block * BLOCK + i * TILE + lane;
            out->high[at] = quantise_weight(w, scale, multiplier);
            if (out->plain) out->plain[at] = w;
        }
    }
}

void int_matrix_pack(const IntMatrix *m, const float *w, const IntMatrixPlanes *out) {
    for (int32_t row = 0; row < m->tiles * TILE; row++) {
        const float *weights = row < m->rows ? w + (int64_t)row * m->columns : NULL;
        pack_row(m, out, weights, row / TILE, row % TILE);
    }
}

void int_matrix_copy_plain(const IntMatrix *m, float *w) {
    for (int32_t row = 0; row < m->rows; row++) {
        const float *tile = m->plain + (int64_t)(row / TILE) * m->groups * BLOCK + row % TILE;
        for (int32_t i = 0; i < m->columns; i++) *w++ = tile[(int64_t)i * TILE];
    }
}
