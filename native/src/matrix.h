// Weights as the modes exact and fast read them: a matrix in planes of integers, laid out in tiles
// of rows that stand side by side, so that a kernel loads what it needs without gaps.
//
//     weight(row, column) = scale(row) * multiplier(row, group) * (65536 * high + low)
//
// `high` alone is the int8 weight that a draft is made with; `low` makes it one of 24 bits.
#ifndef DUO_MATRIX_H
#define DUO_MATRIX_H

#include <stdint.h>

enum {
    TILE = 32,   // rows side by side: what the C906 multiplies in one instruction at LMUL 2
    GROUP = 32,  // columns that share a multiplier, and activations that share a scale
};

typedef struct {
    int32_t rows, columns;      // of the model's matrix
    int32_t tiles, groups;      // rows / TILE and columns / GROUP, rounded up
    const int8_t *high;         // (tiles, groups * GROUP, TILE), 0 where there is no weight
    const int16_t *low;         // the same shape; NULL where only the draft is there
    const uint8_t *multiplier;  // (tiles, groups, TILE), at least 1
    const float *scale;         // (tiles, TILE)
} Matrix;

// One vector in int8, quantised once for all the rows that are multiplied with it:
// x(column) = scale(group) * value(column).
typedef struct {
    int8_t *value;  // (groups * GROUP), 0 beyond the vector's end
    float *scale;   // (groups)
    int32_t *sum;   // (groups) of the group's values: what an offset of the weights costs
} Activation;

static inline int32_t tiles_of(int32_t rows) { return (rows + TILE - 1) / TILE; }
static inline int32_t groups_of(int32_t columns) { return (columns + GROUP - 1) / GROUP; }

// Bytes of each part of a matrix.
typedef struct {
    uint64_t high, low, multiplier, scale;
} MatrixSize;
MatrixSize matrix_size(int32_t rows, int32_t columns);

// Fill the parts of `matrix`, whose sizes are set, from w (rows, columns).
void matrix_pack(const Matrix *matrix, const float *w, int8_t *high, int16_t *low,
                 uint8_t *multiplier, float *scale);

#endif
