// A weight matrix as an int8 plane, for mode fast and for drafts, and in fp32, for mode exact. Rows
// are interleaved in tiles of 32, so that a kernel loads one column of 32 rows contiguously.
//
//     weight(row, column) is about scale(row) * multiplier(row, group) * high
#ifndef DUO_KERNELS_INT_MATRIX_H
#define DUO_KERNELS_INT_MATRIX_H

#include <stdint.h>

enum {
    TILE = 32,   // rows side by side: what the C906 multiplies in one instruction at LMUL 2
    GROUP = 32,  // columns that share a multiplier, and activations that share a scale
    BLOCK = TILE * GROUP,  // weights of a tile's group: (GROUP, TILE)
};

typedef struct {
    int32_t rows, columns;      // of the model's matrix
    int32_t tiles, groups;      // rows / TILE and columns / GROUP, rounded up
    const int8_t *high;         // (tiles, groups * GROUP, TILE), 0 where there is no weight
    const uint8_t *multiplier;  // (tiles, groups, TILE), at least 1
    const float *scale;         // (tiles, TILE)
    const float *plain;         // as high: the model's weights; NULL where mode exact is not needed
} IntMatrix;

// A vector of activations in int8, quantised once for all rows: x(column) = scale(group) *
// value(column).
typedef struct {
    int8_t *value;  // (groups * GROUP), 0 beyond the vector's end
    float *scale;   // (groups)
    int32_t *sum;   // (groups) of the group's values: for weights stored with an offset
} QuantizedVector;

static inline int32_t tiles_of(int32_t rows) { return (rows + TILE - 1) / TILE; }
static inline int32_t groups_of(int32_t columns) { return (columns + GROUP - 1) / GROUP; }
static inline int64_t blocks_of(int32_t rows, int32_t columns) {
    return (int64_t)tiles_of(rows) * groups_of(columns);
}

// Where int_matrix_pack() writes. `plain` is NULL for mode fast.
typedef struct {
    int8_t *high;
    uint8_t *multiplier;
    float *scale;
    float *plain;
} IntMatrixPlanes;

// Write w (rows, columns) in both forms; the sizes of `matrix` are set.
void int_matrix_pack(const IntMatrix *matrix, const float *w, const IntMatrixPlanes *out);

// w (rows, columns) = the matrix in fp32.
void int_matrix_copy_plain(const IntMatrix *matrix, float *w);

#endif
