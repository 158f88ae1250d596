#include "model/lm_head.h"

#include <math.h>
#include <string.h>

#include "kernels/ops_f32.h"

// Floats are added in at most a few hundred steps, each off by 2^-24 of what is there: this is
// more than all of them together, as a share of the product of the lengths.
static const float ROUNDING = 1.0f / 131072.0f;

void head_probe(const Head *head, const Simd *simd, Probe *probe) {
    simd->quantise(&probe->quantised, probe->x, head->dim);
    double length = 0.0, rounding = 0.0;
    for (int32_t i = 0; i < head->dim; i++) {
        double x = (double)probe->x[i];
        double rest = x - (double)probe->quantised.scale[i / GROUP] *
                              (double)probe->quantised.value[i];
        length += x * x;
        rounding += rest * rest;
    }
    // rounded up: they are factors of a bound
    probe->length = (float)sqrt(length) * 1.000001f;
    probe->rounding = (float)sqrt(rounding) * 1.000001f;
}

float lm_head_bounds(const Head *head, const Simd *simd, const Probe *probe, float *value,
                  float *upper, float *peak) {
    if (!(probe->length < LONGEST)) {
        for (int32_t slot = 0; slot < head->tiles * TILE; slot++) {
            value[slot] = slot < head->told ? 0.0f : -INFINITY;
            upper[slot] = slot < head->told ? INFINITY : -INFINITY;
            peak[slot / TILE] = INFINITY;
        }
        return -INFINITY;
    }
    float base[ANCHORS];
    for (int k = 0; k < ANCHORS; k++) {
        const float *anchor = head->anchors + (int64_t)k * head->dim;
        double sum = 0.0;
        for (int32_t i = 0; i < head->dim; i++) sum += (double)anchor[i] * (double)probe->x[i];
        base[k] = (float)sum;
    }
    float rounding = head->longest[0] * (probe->rounding + ROUNDING * probe->length) +
                     head->longest[1] * ROUNDING * probe->length;
    Bounds bounds = {
        .scale = head->scale,
        .error = head->coarse_error,
        .base = base,
        .base_of = head->anchor_of,
        .times = 16.0f,
        .length = probe->length,
        .rounding = rounding,
    };
    float most = simd->bounds(value, upper, peak, &bounds, head->told);
    // Slots beyond the last row would be 0, and may be the largest.
    for (int32_t slot = head->told; slot < head->tiles * TILE; slot++) {
        value[slot] = upper[slot] = -INFINITY;
    }
    return most;
}

float head_fine_error(const Head *head, const Probe *probe, int32_t slot) {
    if (!(probe->length < LONGEST)) return INFINITY;  // head_bounds() had no products for it
    return head->fine_error[slot] * probe->length +
           head->norm[slot] * (probe->rounding + ROUNDING * probe->length) +
           head->longest[1] * ROUNDING * probe->length;
}

enum { MOST_FINE = 1 << 15 };  // bytes of a row: shape_check() allows dim 65536

const uint8_t *head_fine_rows(const Head *head, int32_t slot, int32_t count, uint8_t *buffer) {
    size_t size = (size_t)head->groups * (GROUP / 2);
    return file_view_read(&head->fine, (uint64_t)slot * size, (size_t)count * size, buffer);
}

float head_fine(const Head *head, const Simd *simd, const Probe *probe, int32_t slot, float coarse,
                const uint8_t *fine) {
    return coarse + head->scale[slot] * simd->dot_int4(fine, head->groups, &probe->quantised);
}

bool head_exact(const Head *head, const Probe *probe, const int32_t *slots, int32_t count,
                float *buffer, float *product) {
    size_t size = (size_t)head->dim * sizeof(float);
    for (int32_t i = 0, run; i < count; i += run) {
        for (run = 1; i + run < count && slots[i + run] == slots[i] + run;) run++;
        float *to = buffer + (int64_t)i * head->dim;
        size_t bytes = (size_t)run * size;
        const float *rows = file_view_read(&head->rows, (uint64_t)slots[i] * size, bytes, to);
        if (!rows) return false;
        if (rows != to) memcpy(to, rows, bytes);
    }
    matmul(product, buffer, head->dim, probe->x, count, head->dim);
    return true;
}

Head head_of_likeliest(const Head *head) {
    enum { SHARE = 8, LEAST = 2048 };
    Head first = *head;
    int32_t told = head->told / SHARE > LEAST ? head->told / SHARE : LEAST;
    if (told >= head->told) return first;
    first.tiles = tiles_of(told);
    first.told = first.tiles * TILE;
    first.vocab = first.told;  // it knows of no others, and of none that are collapsed
    return first;
}

bool head_row(const Head *head, int32_t id, float *out) {
    int32_t slot = head->slots[id];
    if (slot >= head->told) {
        memcpy(out, head->centre, (size_t)head->dim * sizeof *out);
        return true;
    }
    uint8_t buffer[MOST_FINE];
    const uint8_t *fine = head_fine_rows(head, slot, 1, buffer);
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
