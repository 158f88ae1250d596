// Products of the lm_head's rows with one vector x, in 4 bits, 8 bits and fp32, and their error
// bounds:
//   |w . x - q . xq| <= |w - q| |x| + |q| |x - xq|   (Cauchy-Schwarz, q and xq quantised)
// plus the rounding of float additions. Anchors' products are added in fp64.
#include "model/lm_head.h"

#include <math.h>
#include <string.h>

#include "kernels/ops_f32.h"

// Bound of the rounding error of a sum in float, as a share of the product of the norms: a few
// hundred additions, each off by at most 2^-24 of the partial sum.
static const float ROUNDING = 1.0f / 131072.0f;

void lm_head_prepare(const LmHead *head, const Simd *simd, LmHeadInput *input) {
    simd->quantise(&input->quantised, input->x, head->dim);
    double length = 0.0, rounding = 0.0;
    for (int32_t i = 0; i < head->dim; i++) {
        double x = (double)input->x[i];
        double rest =
            x - (double)input->quantised.scale[i / GROUP] * (double)input->quantised.value[i];
        length += x * x;
        rounding += rest * rest;
    }
    // rounded up, because they are factors of an upper bound
    input->length = (float)sqrt(length) * 1.000001f;
    input->rounding = (float)sqrt(rounding) * 1.000001f;
}

float lm_head_bounds(const LmHead *head, const Simd *simd, const LmHeadInput *input, float *value,
                     float *upper, float *peak) {
    if (!(input->length < NORM_LIMIT)) {
        for (int32_t slot = 0; slot < head->tiles * TILE; slot++) {
            value[slot] = slot < head->coded ? 0.0f : -INFINITY;
            upper[slot] = slot < head->coded ? INFINITY : -INFINITY;
            peak[slot / TILE] = INFINITY;
        }
        return -INFINITY;
    }
    float base[ANCHORS];
    for (int k = 0; k < ANCHORS; k++) {
        const float *anchor = head->anchors + (int64_t)k * head->dim;
        double sum = 0.0;
        for (int32_t i = 0; i < head->dim; i++) sum += (double)anchor[i] * (double)input->x[i];
        base[k] = (float)sum;
    }
    float rounding = head->longest[0] * (input->rounding + ROUNDING * input->length) +
                     head->longest[1] * ROUNDING * input->length;
    Bounds bounds = {
        .scale = head->scale,
        .error = head->coarse_error,
        .base = base,
        .base_of = head->anchor_of,
        .times = 16.0f,
        .length = input->length,
        .rounding = rounding,
    };
    float most = simd->bounds(value, upper, peak, &bounds, head->coded);
    // Padding slots have the product 0, which might be the largest.
    for (int32_t slot = head->coded; slot < head->tiles * TILE; slot++) {
        value[slot] = upper[slot] = -INFINITY;
    }
    return most;
}

float lm_head_fine_error(const LmHead *head, const LmHeadInput *input, int32_t slot) {
    if (!(input->length < NORM_LIMIT)) return INFINITY;  // lm_head_bounds() has no products for it
    return head->fine_error[slot] * input->length +
           head->norm[slot] * (input->rounding + ROUNDING * input->length) +
           head->longest[1] * ROUNDING * input->length;
}

enum { MAX_FINE = 1 << 15 };  // bytes of a row: config_check() allows dim 65536

const uint8_t *lm_head_fine_rows(const LmHead *head, int32_t slot, int32_t count, uint8_t *buffer) {
    size_t size = (size_t)head->groups * (GROUP / 2);
    return file_view_read(&head->fine, (uint64_t)slot * size, (size_t)count * size, buffer);
}

float lm_head_fine(const LmHead *head, const Simd *simd, const LmHeadInput *input, int32_t slot,
                   float coarse, const uint8_t *fine) {
    return coarse + head->scale[slot] * simd->dot_int4(fine, head->groups, &input->quantised);
}

bool lm_head_exact(const LmHead *head, const LmHeadInput *input, const int32_t *slots,
                   int32_t count, float *buffer, float *product) {
    size_t size = (size_t)head->dim * sizeof(float);
    for (int32_t i = 0, run; i < count; i += run) {
        for (run = 1; i + run < count && slots[i + run] == slots[i] + run;) run++;
        float *to = buffer + (int64_t)i * head->dim;
        size_t bytes = (size_t)run * size;
        const float *rows = file_view_read(&head->rows, (uint64_t)slots[i] * size, bytes, to);
        if (!rows) return false;
        if (rows != to) memcpy(to, rows, bytes);
    }
    matmul(product, buffer, head->dim, input->x, count, head->dim);
    return true;
}

LmHead lm_head_draft_subset(const LmHead *head) {
    enum { SHARE = 8, MIN_ROWS = 4096 };
    LmHead first = *head;
    int32_t coded = head->coded / SHARE > MIN_ROWS ? head->coded / SHARE : MIN_ROWS;
    if (coded >= head->coded) return first;
    first.tiles = tiles_of(coded);
    first.coded = first.tiles * TILE;
    first.vocab = first.coded;  // without the other rows and the collapsed ones
    return first;
}

bool lm_head_row(const LmHead *head, int32_t id, float *out) {
    int32_t slot = head->slots[id];
    if (slot >= head->coded) {
        memcpy(out, head->centre, (size_t)head->dim * sizeof *out);
        return true;
    }
    uint8_t buffer[MAX_FINE];
    const uint8_t *fine = lm_head_fine_rows(head, slot, 1, buffer);
    if (!fine) return false;
    const float *anchor = head->anchors + (int64_t)head->anchor_of[slot / TILE] * head->dim;
    const uint8_t *coarse =
        head->coarse + (int64_t)(slot / TILE) * head->groups * (GROUP / 2) * TILE + slot % TILE;
    for (int32_t i = 0; i < head->dim; i++) {
        int32_t group = i / GROUP, at = i % GROUP;
        int32_t pair = coarse[(group * (GROUP / 2) + at / 2) * TILE];
        int32_t half = fine[group * (GROUP / 2) + at % (GROUP / 2)];
        int32_t upper = (at % 2 ? pair >> 4 : pair & 15) - 8;
        int32_t lower = (at < GROUP / 2 ? half & 15 : half >> 4) - 8;
        out[i] = anchor[i] + head->scale[slot] * (float)(16 * upper + lower);
    }
    return true;
}
