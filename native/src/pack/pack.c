// Packs a checkpoint into the sections of model/packed.h: the layers' matrices in int8 and fp32,
// the lm_head in 4 bits, 8 bits and fp32 with its error bounds, the norms and RoPE's table. The
// order of the lm_head's rows, its anchors and its collapsed rows come from pack_order.c,
// pack_anchors.c and pack_collapsed.c.
#include "pack/pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/ops_f32.h"
#include "model/packed_io.h"
#include "pack/pack_anchors.h"
#include "pack/pack_collapsed.h"
#include "pack/pack_order.h"

// The weights of the matrix `kind` of `layer`, (rows, columns).
static const float *weights_of(const Checkpoint *m, int32_t layer, LayerMatrix kind) {
    const float *all[LAYER_MATRICES] = {m->wq, m->wk, m->wv, m->wo, m->w1, m->w3, m->w2};
    int32_t rows, columns;
    layer_matrix_size(m->config, kind, &rows, &columns);
    return all[kind] + (int64_t)layer * rows * columns;
}

// Where each section is written.
typedef struct {
    char *at[SECTIONS];
} SectionBuffers;

static void pack_layers(const Packed *p, const Checkpoint *m, SectionBuffers *buffers) {
    IntMatrixPlanes to = {
        .high = (int8_t *)buffers->at[SECTION_HIGH],
        .multiplier = (uint8_t *)buffers->at[SECTION_MULTIPLIER],
        .scale = (float *)(void *)buffers->at[SECTION_SCALE],
        .plain = (float *)(void *)buffers->at[SECTION_PLAIN],
    };
    for (int32_t i = 0; i < p->config.layers * LAYER_MATRICES; i++) {
        const IntMatrix *matrix = &p->matrices[i];
        int_matrix_pack(matrix,
                        weights_of(m, i / LAYER_MATRICES, (LayerMatrix)(i % LAYER_MATRICES)), &to);
        int64_t blocks = blocks_of(matrix->rows, matrix->columns);
        to.high += blocks * BLOCK;
        to.multiplier += blocks * TILE;
        to.scale += matrix->tiles * TILE;
        if (to.plain) to.plain += blocks * BLOCK;
    }
}

static const double MAX_Q8 = 119.0;  // of q8: the largest whose upper four bits, rounded, stay 7

// Code one row of the classifier: its difference from the tile's anchor in 4 and 8 bits, and the
// norms of both quantisation errors.
static void pack_lm_head_row(const LmHead *head, const float *row, int32_t slot,
                             SectionBuffers *buffers) {
    const float *anchor = head->anchors + (int64_t)head->anchor_of[slot / TILE] * head->dim;
    uint8_t *coarse = (uint8_t *)buffers->at[SECTION_HEAD_COARSE] +
                      (int64_t)(slot / TILE) * head->groups * (GROUP / 2) * TILE + slot % TILE;
    uint8_t *fine =
        (uint8_t *)buffers->at[SECTION_HEAD_FINE] + (int64_t)slot * head->groups * (GROUP / 2);
    float *factors = (float *)(void *)buffers->at[SECTION_HEAD_FACTORS];
    int64_t padded = (int64_t)head->tiles * TILE;
    bool there = slot < head->coded;  // the last tile may be padded

    double most = 0.0, squares = there ? norm_squared(row, head->dim) : 0.0;
    // no fmax() here: gcc 12 for aarch64 fails with an internal error when it vectorises it
    for (int32_t i = 0; there && i < head->dim; i++) {
        double size = fabs((double)row[i] - (double)anchor[i]);
        if (size > most) most = size;
    }
    // A row above NORM_LIMIT is coded as 0; its error bound is its whole norm.
    bool usual = squares < (double)NORM_LIMIT * (double)NORM_LIMIT;
    float scale = usual ? fmaxf((float)(most / MAX_Q8), 1e-37f) : 1e-37f;
    double coarse_error = 0.0, fine_error = 0.0, coarse_norm = 0.0, fine_norm = 0.0;
    for (int32_t i = 0; i < head->groups * GROUP; i++) {
        double d = there && i < head->dim ? (double)row[i] - (double)anchor[i] : 0.0;
        double rounded = usual ? nearbyint(d / (double)scale) : 0.0;
        int32_t q = (int32_t)fmin(fmax(rounded, -MAX_Q8), MAX_Q8);
        int32_t upper = (q + 8 + 128) / 16 - 8;  // floor
        int32_t lower = q - 16 * upper;
        double near = (double)scale * 16.0 * upper, nearer = (double)scale * q;
        coarse_error += (d - near) * (d - near);
        fine_error += (d - nearer) * (d - nearer);
        coarse_norm += near * near;
        fine_norm += nearer * nearer;

        int32_t group = i / GROUP, at = i % GROUP;
        uint8_t *pair = coarse + (group * (GROUP / 2) + at / 2) * TILE;
        *pair = (uint8_t)(at % 2 ? *pair | (upper + 8) << 4 : upper + 8);
        if (!there) continue;
        uint8_t *half = fine + group * (GROUP / 2) + at % (GROUP / 2);
        *half = (uint8_t)(at < GROUP / 2 ? lower + 8 : *half | (lower + 8) << 4);
    }
    // rounded up, because they are factors of an upper bound
    factors[slot] = scale;
    factors[padded + slot] = isnan(coarse_error) ? INFINITY : (float)sqrt(coarse_error) * 1.000001f;
    factors[2 * padded + slot] = isnan(fine_error) ? INFINITY : (float)sqrt(fine_error) * 1.000001f;
    factors[3 * padded + slot] = (float)sqrt(fmax(coarse_norm, fine_norm)) * 1.000001f;
}

// The norm of x (n), rounded up: a factor of an upper bound.
static float length_of(const float *x, int32_t n) {
    return (float)sqrt(norm_squared(x, n)) * 1.000001f;
}

static bool pack_lm_head(const Packed *p, const Checkpoint *m, SectionBuffers *buffers) {
    const int32_t *ids = p->head.ids;
    float *anchors = (float *)(void *)buffers->at[SECTION_HEAD_ANCHORS];
    uint8_t *anchor_of = (uint8_t *)(anchors + (int64_t)ANCHORS * p->config.dim);
    if (!pack_anchors(&p->head, m->classifier, anchors, anchor_of)) return false;
    for (int32_t slot = 0; slot < p->head.tiles * TILE; slot++) {
        int64_t id = slot < p->coded ? ids[slot] : 0;
        pack_lm_head_row(&p->head, m->classifier + id * p->config.dim, slot, buffers);
    }
    float *longest = (float *)(void *)buffers->at[SECTION_HEAD_CENTRE] + p->config.dim;
    longest[0] = longest[1] = 0.0f;
    for (int32_t slot = 0; slot < p->coded; slot++) {
        longest[0] = fmaxf(longest[0], p->head.norm[slot]);
    }
    for (int k = 0; k < ANCHORS; k++) {
        longest[1] =
            fmaxf(longest[1], length_of(anchors + (int64_t)k * p->config.dim, p->config.dim));
    }
    return true;
}

static bool make_room(Packed *p, SectionBuffers *buffers, Failure *failure) {
    uint64_t sizes[SECTIONS], total = 0;
    packed_sizes(p, sizes);
    for (int kind = 0; kind < SECTIONS; kind++) total += (sizes[kind] + 63) / 64 * 64;
    p->memory = total > SIZE_MAX ? NULL : aligned_alloc(64, (size_t)((total + 63) / 64 * 64));
    if (!p->memory) {
        return fail(failure, EXIT_UNEXPECTED, "not enough memory to pack the model (%llu MB)",
                    (unsigned long long)(total >> 20));
    }
    char *rest = p->memory;
    for (int kind = 0; kind < SECTIONS; kind++) {
        if (sizes[kind] == 0) continue;
        buffers->at[kind] = rest;
        p->sections[kind] = (Section){.view = {.memory = rest, .held = sizes[kind], .file = -1},
                                      .size = sizes[kind]};
        rest += (sizes[kind] + 63) / 64 * 64;
    }
    return true;
}

static void copy_norms(const Packed *p, const Checkpoint *m, SectionBuffers *buffers) {
    size_t all = (size_t)p->config.layers * (size_t)p->config.dim;
    float *norms = (float *)(void *)buffers->at[SECTION_NORMS];
    memcpy(norms, m->attention_norm, all * sizeof *norms);
    memcpy(norms + all, m->ffn_norm, all * sizeof *norms);
    memcpy(norms + 2 * all, m->final_norm, (size_t)p->config.dim * sizeof *norms);
}

// Stored as a table, because cosf() of another C library may differ in the last bit.
static void make_rope_table(ModelConfig s, SectionBuffers *buffers) {
    int32_t head = s.dim / s.heads;
    float *cosine = (float *)(void *)buffers->at[SECTION_ROPE];
    float *sine = cosine + (int64_t)s.context * (head / 2);
    for (int32_t p = 0; p < s.context; p++) {
        rope_table(cosine + (int64_t)p * (head / 2), sine + (int64_t)p * (head / 2), p, head);
    }
}

static void copy_rows(const Packed *p, const float *rows, char *to) {
    size_t size = (size_t)p->config.dim * sizeof *rows;
    for (int32_t slot = 0; to && slot < p->config.vocab; slot++) {
        memcpy(to + (size_t)slot * size, rows + (int64_t)p->head.ids[slot] * p->config.dim, size);
    }
}

// `found` and ids (vocab) are scratch.
static bool pack_sections(Packed *p, const Checkpoint *m, CollapsedRows found, int32_t *ids,
                          Failure *failure) {
    ModelConfig s = p->config;
    // Before the sections, whose sizes depend on it.
    pack_collapsed(m, &found);
    p->coded = s.vocab - found.count;
    p->radius = found.radius;
    SectionBuffers buffers = {0};
    if (!pack_order(m, found.collapsed, ids, failure) || !make_room(p, &buffers, failure)) {
        return false;
    }
    memcpy(buffers.at[SECTION_HEAD_IDS], ids, (size_t)s.vocab * sizeof *ids);
    memcpy(buffers.at[SECTION_HEAD_CENTRE], found.centre, (size_t)s.dim * sizeof *found.centre);
    memset(buffers.at[SECTION_HEAD_ANCHORS], 0, (size_t)p->sections[SECTION_HEAD_ANCHORS].size);
    if (!packed_bind(p, failure)) return false;
    copy_norms(p, m, &buffers);
    make_rope_table(s, &buffers);
    pack_layers(p, m, &buffers);
    if (!pack_lm_head(p, m, &buffers)) {
        return fail(failure, EXIT_UNEXPECTED, "not enough memory to pack");
    }
    copy_rows(p, m->embedding, buffers.at[SECTION_EMBEDDING]);
    copy_rows(p, m->classifier, buffers.at[SECTION_CLASSIFIER]);
    return true;
}

bool pack_checkpoint(Packed *p, const Checkpoint *m, uint32_t modes, Failure *failure) {
    *p = (Packed){.config = m->config, .tied = m->tied, .modes = modes, .file = -1};
    size_t vocab = (size_t)m->config.vocab;
    CollapsedRows found = {
        .collapsed = malloc(vocab * sizeof *found.collapsed),
        .centre = malloc((size_t)m->config.dim * sizeof *found.centre),
    };
    int32_t *ids = malloc(vocab * sizeof *ids);
    bool packed = found.collapsed && found.centre && ids
                      ? pack_sections(p, m, found, ids, failure)
                      : fail(failure, EXIT_UNEXPECTED, "not enough memory to pack");
    free(found.collapsed);
    free(found.centre);
    free(ids);
    if (!packed) packed_close(p);
    return packed;
}
