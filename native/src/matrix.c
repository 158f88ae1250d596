#include "matrix.h"

#include <math.h>

enum { MOST_HIGH = 127, BASE = 65536, MOST = MOST_HIGH * BASE };

MatrixSize matrix_size(int32_t rows, int32_t columns) {
    uint64_t tiles = (uint64_t)tiles_of(rows), groups = (uint64_t)groups_of(columns);
    return (MatrixSize){
        .high = tiles * groups * GROUP * TILE,
        .low = tiles * groups * GROUP * TILE * sizeof(int16_t),
        .multiplier = tiles * groups * TILE,
        .scale = tiles * TILE * sizeof(float),
    };
}

static float largest(const float *w, int32_t n) {
    float most = 0.0f;
    for (int32_t i = 0; i < n; i++) {
        // NaN is no larger than anything, and infinity is cut to the largest float
        if (fabsf(w[i]) > most) most = fminf(fabsf(w[i]), 3.4e38f);
    }
    return most;
}

// The integer nearest to w / step, cut to what the planes hold; 0 for NaN.
static int32_t quantise(float w, double step) {
    double q = nearbyint((double)w / step);
    return q > MOST ? MOST : q < -MOST ? -MOST : isnan(q) ? 0 : (int32_t)q;
}

void matrix_pack(const Matrix *m, const float *w, int8_t *high, int16_t *low,
                 uint8_t *multiplier, float *scale) {
    for (int32_t row = 0; row < m->tiles * TILE; row++) {
        int32_t tile = row / TILE, lane = row % TILE;
        const float *weights = w + (int64_t)row * m->columns;
        float most = row < m->rows ? largest(weights, m->columns) : 0.0f;
        // 255 steps of the multiplier reach from 0 to the row's largest weight.
        float unit = most > 0.0f ? most / (255.0f * (float)MOST) : 1.0f;
        if (unit < 1e-37f) unit = 1e-37f;  // no subnormals, which some machines flush to 0
        scale[row] = unit;

        for (int32_t group = 0; group < m->groups; group++) {
            int32_t start = group * GROUP;
            int32_t width = m->columns - start < GROUP ? m->columns - start : GROUP;
            float peak = row < m->rows ? largest(weights + start, width) : 0.0f;
            double steps = ceil((double)peak / ((double)unit * MOST));
            uint8_t times = (uint8_t)(steps < 1.0 ? 1.0 : steps > 255.0 ? 255.0 : steps);
            multiplier[((int64_t)tile * m->groups + group) * TILE + lane] = times;
            // The very float that the kernels will multiply with.
            double step = (double)(unit * (float)times);

            for (int32_t i = 0; i < GROUP; i++) {
                int32_t q = row < m->rows && i < width ? quantise(weights[start + i], step) : 0;
                int32_t upper = (q + BASE / 2 + MOST + BASE) / BASE - MOST_HIGH - 1;  // floor
                int64_t at = ((int64_t)(tile * m->groups + group) * GROUP + i) * TILE + lane;
                high[at] = (int8_t)upper;
                if (low) low[at] = (int16_t)(q - upper * BASE);
            }
        }
    }
}
