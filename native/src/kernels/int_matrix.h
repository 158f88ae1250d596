// Weights as the modes exact and fast read them: a matrix in planes of integers, laid out in tiles
// of rows that stand side by side, so that a kernel loads what it needs without gaps.
//
//     weight(row, column) = scale(row) * (65536 * (multiplier(row, group) * high + middle) + low)
//
// `high` alone is the int8 weight that a draft is made with, in steps of scale * multiplier * 65536.
// With `middle` and `low` it is the model's fp32 weight to the last bit: scale is a power of two, and
// what does not fit into the planes (a weight of less than 1/256 of its row's largest) is a patch.
#ifndef DUO_MATRIX_H
#define DUO_MATRIX_H

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
    // Mode exact; NULL where only the draft is there.
    const int8_t *middle;       // as high
    const uint16_t *low;        // as high
    const uint32_t *patched;    // (tiles * groups + 1): of patch_*, those before each block
    const uint16_t *patch_at;   // where in its block
    const float *patch;         // the weight
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
static inline int64_t blocks_of(int32_t rows, int32_t columns) {
    return (int64_t)tiles_of(rows) * groups_of(columns);
}

// Where packing writes a matrix. All but the first three are NULL for mode fast.
typedef struct {
    int8_t *high;
    uint8_t *multiplier;
    float *scale;
    int8_t *middle;
    uint16_t *low;
    uint32_t *patched;   // the first is set already: patches of the matrices before this one
    uint16_t *patch_at;  // of all matrices
    float *patch;
} MatrixRoom;

// Fill the parts of `matrix`, whose sizes are set, from w (rows, columns).
void matrix_pack(const Matrix *matrix, const float *w, const MatrixRoom *room);

// How many patches it takes.
uint32_t matrix_patches(const Matrix *matrix, const float *w);

// Put the patches of a block into plain (GROUP, TILE), which has it without them.
void matrix_patch(const Matrix *matrix, int64_t block, float *plain);

#endif
