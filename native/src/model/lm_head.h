// The classifier (lm_head, llama2.c's wcls) of a packed model: 61 % of stories15M's weights. Each
// row is stored in 4 bits, in 8 bits and in fp32. All rows are multiplied in 4 bits; an error bound
// for each row (Cauchy-Schwarz) then rules out nearly all, and only the others are read in 8 bits
// or fp32.
//
// Rows that training left nearly equal, because their tokens never occur, are *collapsed*: one
// product with their centre bounds them all. The other rows are *coded*.
#ifndef DUO_MODEL_LM_HEAD_H
#define DUO_MODEL_LM_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/file_view.h"
#include "kernels/int_matrix.h"
#include "kernels/simd.h"

// The part that rows have in common does not decide which product is largest, but would take bits.
// So a tile's rows are coded as differences from the nearest of a few anchors.
//
// A difference in 8 bits is q8 = 16 * coarse + fine, with coarse -7 to 7 and fine -8 to 7; both are
// stored plus 8.
enum { ANCHORS = 8 };

typedef struct {
    int32_t vocab, dim;
    int32_t coded;          // coded rows; the other vocab - coded are collapsed
    int32_t tiles, groups;  // of the coded rows
    const int32_t *ids;     // (vocab) of each slot: coded rows, likeliest first, then the others
    const int32_t *slots;   // (vocab) slot of each id
    const uint8_t *coarse;  // (tiles, groups * 16, TILE); see Simd.matmul_int4
    FileView fine;          // (coded, groups * 16) bytes; see Simd.dot_int4
    FileView rows;          // (vocab, dim) fp32, by slot
    // (tiles * TILE) each:
    const float *scale;         // d = scale * q8, w = anchor + d
    const float *coarse_error;  // norm of d - scale * 16 * coarse
    const float *fine_error;    // norm of d - scale * q8
    const float *norm;          // larger norm of the two approximations of d
    const float *anchors;       // (ANCHORS, dim)
    const uint8_t *anchor_of;   // (tiles)
    const float *centre;        // (dim) of the collapsed rows
    const float *longest;       // (2) the largest norm of all rows, and of the anchors
    float radius;               // largest distance of a collapsed row from the centre
} LmHead;

// The vector that the classifier is multiplied with, and what its error bounds need.
typedef struct {
    const float *x;             // (dim), then 0 to the end of the group
    QuantizedVector quantised;  // x in int8
    float length;               // norm of x
    float rounding;             // norm of x minus its int8 form
} LmHeadInput;

// Quantise input->x and compute its norms.
void lm_head_prepare(const LmHead *head, const Simd *simd, LmHeadInput *input);

// value (tiles * TILE): products in 4 bits, as Simd.matmul_int4 left them. upper (tiles * TILE):
// upper bounds of the fp32 products; peak (tiles): the largest of each tile. Returns a lower bound
// of the largest product.
float lm_head_bounds(const LmHead *head, const Simd *simd, const LmHeadInput *input, float *value,
                     float *upper, float *peak);

// Bound of the error of lm_head_fine().
float lm_head_fine_error(const LmHead *head, const LmHeadInput *input, int32_t slot);

// The fine 4 bits of `count` rows from `slot` on, (count, groups * 16); `buffer` (the same) is used
// where they are not in memory. NULL where they cannot be read.
const uint8_t *lm_head_fine_rows(const LmHead *head, int32_t slot, int32_t count, uint8_t *buffer);

// The product of a row in 8 bits, from its product in 4 bits, `coarse`, and its fine 4 bits.
float lm_head_fine(const LmHead *head, const Simd *simd, const LmHeadInput *input, int32_t slot,
                   float coarse, const uint8_t *fine);

// Vectors of a larger norm, or with NaN, may have infinite products: they are not bounded but read
// in fp32.
static const float NORM_LIMIT = 1e15f;

enum { EXACT_ROWS = 16 };  // most rows of one lm_head_exact(): hides the latency of additions

// product (count) of the rows `slots` in fp32, bit for bit llama2.c's; count <= EXACT_ROWS,
// `buffer` (EXACT_ROWS, dim). False where a row cannot be read.
bool lm_head_exact(const LmHead *head, const LmHeadInput *input, const int32_t *slots,
                   int32_t count, float *buffer, float *product);

// A view of the first, likeliest rows: drafts are sampled from these.
LmHead lm_head_draft_subset(const LmHead *head);

// The row `id` from its 8 bits, or the centre of the collapsed rows: the embedding in mode fast,
// which has no fp32 rows. False where it cannot be read.
bool lm_head_row(const LmHead *head, int32_t id, float *out);

#endif
