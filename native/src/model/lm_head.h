// The classifier, 61 % of stories15M: which of 32000 rows, times x, is large? Each row is there
// three times, in 4 bits, in 8 bits and in fp32. The first form is read for all of them, and with
// a bound of its error rules out nearly all; the others are read for the rows that are left.
//
// Rows that training has collapsed onto nearly one vector, because no story ever told them, are
// bounded by one product with their centre.
#ifndef DUO_HEAD_H
#define DUO_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/int_matrix.h"
#include "kernels/simd.h"
#include "base/file_view.h"

// What rows have in common says nothing of which is the largest, and its bits would be lost to what
// does: a tile's rows are coded as what they differ by from the nearest of a few anchors.
//
// Of the 8 bits of a difference, q8 = 16 * coarse + fine, the coarse half is -7 to 7 and the fine one
// -8 to 7; both are stored plus 8.
enum { ANCHORS = 8 };

typedef struct {
    int32_t vocab, dim;
    int32_t told;           // rows with planes; the other vocab - told are collapsed
    int32_t tiles, groups;  // of the told rows
    const int32_t *ids;     // (vocab) of each slot: the told ones, the likeliest first, and the others
    const int32_t *slots;   // (vocab) of each id
    const uint8_t *coarse;  // (tiles, groups * 16, TILE); see Simd.matmul_int4
    FileView fine;            // (told, groups * 16) bytes; see Simd.dot_int4
    FileView rows;            // (vocab, dim) fp32, by slot
    // (tiles * TILE) each:
    const float *scale;         // d = scale * q8, w = anchor + d
    const float *coarse_error;  // length of d - scale * 16 * coarse
    const float *fine_error;    // length of d - scale * q8
    const float *norm;          // the longer of the two approximations of d
    const float *anchors;       // (ANCHORS, dim)
    const uint8_t *anchor_of;   // (tiles)
    const float *centre;        // (dim) of the collapsed rows
    const float *longest;       // (2) the longest of all norms, and of the anchors
    float radius;               // none of them is further away
} Head;

// What it takes to bound the products with one x.
typedef struct {
    const float *x;         // (dim), then 0 up to a whole group
    QuantizedVector quantised;   // x in int8
    float length;           // of x
    float rounding;         // length of x less its int8 form
} Probe;

// Quantise x, whose padding is 0, and measure what that costs.
void head_probe(const Head *head, const Simd *simd, Probe *probe);

// value (tiles * TILE), by Simd.matmul_int4: the products by 4 bits. upper: none of them, in fp32, is
// larger; peak (tiles): the largest of each tile. Returns what the largest is at least.
float lm_head_bounds(const Head *head, const Simd *simd, const Probe *probe, float *value,
                  float *upper, float *peak);

// How far head_fine() may be from the product in fp32.
float head_fine_error(const Head *head, const Probe *probe, int32_t slot);

// The further 4 bits of `count` rows from `slot` on, (count, groups * 16), in `buffer` where they are
// not in memory. NULL where they could not be read.
const uint8_t *head_fine_rows(const Head *head, int32_t slot, int32_t count, uint8_t *buffer);

// The product by 8 bits, of a row whose product by 4 bits is `coarse`; `fine`: its further 4 bits.
float head_fine(const Head *head, const Simd *simd, const Probe *probe, int32_t slot, float coarse,
                const uint8_t *fine);

// Lengths up to here have products that are numbers. What is longer, or no number, is bounded by
// nothing, and is read in fp32.
static const float LONGEST = 1e15f;

enum { EXACT_ROWS = 16 };  // at once: their sums do not wait for each other

// product (count) of the rows `slots` in fp32, to the bit as llama2.c has it; count <= EXACT_ROWS,
// `buffer` (EXACT_ROWS, dim). False where a row could not be read.
bool head_exact(const Head *head, const Probe *probe, const int32_t *slots, int32_t count,
                float *buffer, float *product);

// The first rows alone, the likeliest: what a draft looks at.
Head head_of_likeliest(const Head *head);

// The row `id` by 8 bits, or its centre: what an embedding is where there is no fp32. False where
// it could not be read.
bool head_row(const Head *head, int32_t id, float *out);

#endif
