// A weight matrix as integer planes, for the modes exact and fast. Rows are interleaved in tiles of
// 32, so that a kernel loads one column of 32 rows contiguously.
//
//     weight(row, column) = scale(row) * (65536 * (multiplier(row, group) * high + middle) + low)
//
// `high` alone is an int8 weight, in steps of scale * multiplier * 65536: mode fast and drafts use
// it. With `middle` and `low` it is the model's fp32 weight, bit for bit: scale is a power of two.
// A weight that the planes cannot hold exactly (below 1/256 of its row's largest) is stored as a
// patch.
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
    // Mode exact; NULL where only the int8 plane is there.
    const int8_t *middle;      // as high
    const uint16_t *low;       // as high
    const uint32_t *patched;   // (tiles * groups + 1): patches before each block
    const uint16_t *patch_at;  // index within its block
    const float *patch;        // the fp32 weight
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

// Where int_matrix_pack() writes the planes. All but the first three are NULL for mode fast.
typedef struct {
    int8_t *high;
    uint8_t *multiplier;
    float *scale;
    int8_t *middle;
    uint16_t *low;
    uint32_t *patched;   // [0] is set by the caller: patches of the matrices before this one
    uint16_t *patch_at;  // of all matrices
    float *patch;
} IntMatrixPlanes;

// Quantise w (rows, columns) into the planes `out`; the sizes of `matrix` are set.
void int_matrix_pack(const IntMatrix *matrix, const float *w, const IntMatrixPlanes *out);

// How many of w's weights become patches.
uint32_t int_matrix_count_patches(const IntMatrix *matrix, const float *w);

// Overwrite the patched weights of a block in plain (GROUP, TILE), as Simd.unpack left it.
void int_matrix_apply_patches(const IntMatrix *matrix, int64_t block, float *plain);

#endif
