// Splits fp32 weights into integer planes without loss (int_matrix.h has the formula): a row's
// scale is the power of two that fits its largest weight into the planes; a group's multiplier is
// the smallest that fits its largest weight into 127 steps of the int8 plane.
#include "kernels/int_matrix.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

static const double MAX_HIGH = 127.0, BASE = 65536.0, MAX_MULTIPLIER = 255.0;

// Scales stay so far from the ends of float that their multiples are numbers: rows that are smaller
// or larger than any model's get patches.
enum { MIN_EXPONENT = -90, MAX_EXPONENT = 60 };

static float largest(const float *w, int32_t n) {
    float most = 0.0f;
    for (int32_t i = 0; i < n; i++) {
        // NaN is no larger than anything, and infinity is cut to the largest float
        if (fabsf(w[i]) > most) most = fminf(fabsf(w[i]), 3.4e38f);
    }
    return most;
}

// The power of two by which the row's largest weight is within the planes: up to 255 * 127 * 65536.
static float scale_of(const float *w, int32_t n) {
    double steps = (double)largest(w, n) / (MAX_MULTIPLIER * MAX_HIGH * BASE);
    int exponent = steps > 0.0 ? (int)ceil(log2(steps)) : MIN_EXPONENT;
    if (exponent < MIN_EXPONENT) exponent = MIN_EXPONENT;
    if (exponent > MAX_EXPONENT) exponent = MAX_EXPONENT;
    return ldexpf(1.0f, exponent);
}

static uint8_t multiplier_of(const float *w, int32_t n, float scale) {
    double steps = ceil((double)largest(w, n) / ((double)scale * BASE * MAX_HIGH));
    return (uint8_t)(steps < 1.0 ? 1.0 : steps > MAX_MULTIPLIER ? MAX_MULTIPLIER : steps);
}

// A weight as its three planes. split_weight() is true where they hold it exactly.
typedef struct {
    int32_t high, middle, low;
} SplitWeight;

static bool split_weight(float w, float scale, uint8_t multiplier, SplitWeight *split) {
    double unit = (double)w / (double)scale;  // exact: a power of two
    double most = (double)multiplier * MAX_HIGH * BASE;
    double clamped = isnan(unit) ? 0.0 : unit > most ? most : unit < -most ? -most : unit;
    double integer = floor(clamped);
    int32_t upper = (int32_t)floor(integer / BASE);
    split->low = (int32_t)(integer - (double)upper * BASE);
    split->high = (int32_t)nearbyint(clamped / ((double)multiplier * BASE));
    split->middle = upper - split->high * multiplier;
    return integer == unit;
}

// The weight of a lane of the tiles, where the matrix has one: rows and columns are padded.
typedef struct {
    const float *row;  // NULL beyond the last
    float scale;
} Lane;

static Lane lane_of(const IntMatrix *m, const float *w, int32_t row) {
    if (row >= m->rows) return (Lane){NULL, 1.0f};
    const float *weights = w + (int64_t)row * m->columns;
    return (Lane){weights, scale_of(weights, m->columns)};
}

static int32_t width_of(const IntMatrix *m, int32_t group) {
    int32_t left = m->columns - group * GROUP;
    return left < GROUP ? left : GROUP;
}

// The patches of a block into `at` and `weight`, which may be NULL; their number.
static uint32_t find_patches(const IntMatrix *m, const float *w, int64_t block, uint16_t *at,
                             float *weight) {
    int32_t tile = (int32_t)(block / m->groups), group = (int32_t)(block % m->groups);
    uint32_t count = 0;
    for (int32_t lane = 0; lane < TILE; lane++) {
        Lane row = lane_of(m, w, tile * TILE + lane);
        if (!row.row) continue;
        const float *weights = row.row + group * GROUP;
        uint8_t multiplier = multiplier_of(weights, width_of(m, group), row.scale);
        for (int32_t i = 0; i < width_of(m, group); i++) {
            SplitWeight split;
            if (split_weight(weights[i], row.scale, multiplier, &split)) continue;
            if (at) at[count] = (uint16_t)(i * TILE + lane);
            if (weight) weight[count] = weights[i];
            count++;
        }
    }
    return count;
}

uint32_t int_matrix_count_patches(const IntMatrix *m, const float *w) {
    uint32_t count = 0;
    for (int64_t block = 0; block < (int64_t)m->tiles * m->groups; block++) {
        count += find_patches(m, w, block, NULL, NULL);
    }
    return count;
}

static void pack_row(const IntMatrix *m, const IntMatrixPlanes *out, Lane row, int32_t tile,
                     int32_t lane) {
    for (int32_t group = 0; group < m->groups; group++) {
        int32_t width = row.row ? width_of(m, group) : 0;
        int64_t block = (int64_t)tile * m->groups + group;
        const float *weights = row.row ? row.row + group * GROUP : NULL;
        uint8_t multiplier = width ? multiplier_of(weights, width, row.scale) : 1;
        out->multiplier[block * TILE + lane] = multiplier;
        for (int32_t i = 0; i < GROUP; i++) {
            SplitWeight split = {0};
            if (i < width) split_weight(weights[i], row.scale, multiplier, &split);
            int64_t at = block * BLOCK + i * TILE + lane;
            out->high[at] = (int8_t)split.high;
            if (out->middle) out->middle[at] = (int8_t)split.middle;
            if (out->low) out->low[at] = (uint16_t)split.low;
        }
    }
}

void int_matrix_pack(const IntMatrix *m, const float *w, const IntMatrixPlanes *out) {
    for (int32_t row = 0; row < m->tiles * TILE; row++) {
        Lane lane = lane_of(m, w, row);
        out->scale[row] = lane.scale;
        pack_row(m, out, lane, row / TILE, row % TILE);
    }
    if (!out->patched) return;
    for (int64_t block = 0; block < (int64_t)m->tiles * m->groups; block++) {
        uint32_t first = out->patched[block];
        uint32_t found = 0;
        if (out->patch) {  // a model may need none
            found = find_patches(m, w, block, out->patch_at + first, out->patch + first);
        }
        out->patched[block + 1] = first + found;
    }
}

void int_matrix_apply_patches(const IntMatrix *m, int64_t block, float *plain) {
    for (uint32_t i = m->patched[block]; i < m->patched[block + 1]; i++) {
        plain[m->patch_at[i]] = m->patch[i];
    }
}
