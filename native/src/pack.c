#include "pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Weights of the model that become the matrix `part` of `layer`.
static const float *weights_of(const Model *m, int32_t layer, Part part) {
    const float *all[PARTS] = {m->wq, m->wk, m->wv, m->wo, m->w1, m->w3, m->w2};
    int32_t rows, columns;
    part_size(m->shape, part, &rows, &columns);
    return all[part] + (int64_t)layer * rows * columns;
}

// Where the sections that packing makes are written.
typedef struct {
    char *at[SECTIONS];
} Room;

static void pack_layers(const Packed *p, const Model *m, Room *room) {
    int8_t *high = (int8_t *)room->at[SECTION_HIGH];
    int16_t *low = (int16_t *)(void *)room->at[SECTION_LOW];
    uint8_t *multiplier = (uint8_t *)room->at[SECTION_MULTIPLIER];
    float *scale = (float *)(void *)room->at[SECTION_SCALE];
    for (int32_t i = 0; i < p->shape.layers * PARTS; i++) {
        const Matrix *matrix = &p->matrices[i];
        matrix_pack(matrix, weights_of(m, i / PARTS, (Part)(i % PARTS)), high, low, multiplier,
                    scale);
        MatrixSize size = matrix_size(matrix->rows, matrix->columns);
        high += size.high;
        if (low) low += size.low / sizeof *low;
        multiplier += size.multiplier;
        scale += size.scale / sizeof *scale;
    }
}

enum { MOST = 119 };  // of q8: the largest whose upper four bits, rounded, stay 7

// One row of the classifier: its 4 and 8 bits, and how far they are from it.
static void pack_row(const Head *head, const float *row, int32_t slot, Room *room) {
    uint8_t *coarse = (uint8_t *)room->at[SECTION_HEAD_COARSE] +
                      (int64_t)(slot / TILE) * head->groups * (GROUP / 2) * TILE + slot % TILE;
    uint8_t *fine =
        (uint8_t *)room->at[SECTION_HEAD_FINE] + (int64_t)slot * head->groups * (GROUP / 2);
    float *factors = (float *)(void *)room->at[SECTION_HEAD_FACTORS];
    int64_t padded = (int64_t)head->tiles * TILE;
    bool there = slot < head->told;  // the last tile may have slots without a row

    float most = 0.0f;
    for (int32_t i = 0; there && i < head->dim; i++) {
        if (fabsf(row[i]) > most) most = fminf(fabsf(row[i]), 3.4e38f);
    }
    float scale = fmaxf(most / (float)MOST, 1e-37f);
    double coarse_error = 0.0, fine_error = 0.0, coarse_norm = 0.0, fine_norm = 0.0;
    for (int32_t i = 0; i < head->groups * GROUP; i++) {
        double w = there && i < head->dim ? (double)row[i] : 0.0;
        double rounded = nearbyint(w / (double)scale);
        int32_t q = rounded > MOST ? MOST : rounded < -MOST ? -MOST : isnan(rounded) ? 0 : (int32_t)rounded;
        int32_t upper = (q + 8 + 128) / 16 - 8;  // floor
        int32_t lower = q - 16 * upper;
        double near = (double)scale * 16.0 * upper, nearer = (double)scale * q;
        coarse_error += (w - near) * (w - near);
        fine_error += (w - nearer) * (w - nearer);
        coarse_norm += near * near;
        fine_norm += nearer * nearer;

        int32_t group = i / GROUP, at = i % GROUP;
        uint8_t *pair = coarse + (group * (GROUP / 2) + at / 2) * TILE;
        *pair = (uint8_t)(at % 2 ? *pair | (upper + 8) << 4 : upper + 8);
        if (!there) continue;
        uint8_t *half = fine + group * (GROUP / 2) + at % (GROUP / 2);
        *half = (uint8_t)(at < GROUP / 2 ? lower + 8 : *half | (lower + 8) << 4);
    }
    // rounded up: they are factors of a bound
    factors[slot] = scale;
    factors[padded + slot] = (float)sqrt(coarse_error) * 1.000001f;
    factors[2 * padded + slot] = (float)sqrt(fine_error) * 1.000001f;
    factors[3 * padded + slot] = (float)sqrt(fmax(coarse_norm, fine_norm)) * 1.000001f;
}

static void pack_head(const Packed *p, const Model *m, Room *room) {
    const int32_t *ids = p->head.ids;
    for (int32_t slot = 0; slot < p->head.tiles * TILE; slot++) {
        int64_t id = slot < p->told ? ids[slot] : 0;
        pack_row(&p->head, m->classifier + id * p->shape.dim, slot, room);
    }
}

// The sections' places: those in fp32 are the model's own, the others get memory.
static bool make_room(Packed *p, const Model *m, Room *room, Failure *failure) {
    uint64_t sizes[SECTIONS], total = 0;
    packed_sizes(p, sizes);
    for (int kind = 0; kind < SECTION_EMBEDDING; kind++) total += (sizes[kind] + 63) / 64 * 64;
    // The matrices are one section, and may be apart in the model.
    total += sizes[SECTION_LAYERS];
    p->memory = total > SIZE_MAX ? NULL : aligned_alloc(64, (size_t)((total + 63) / 64 * 64));
    if (!p->memory) {
        return fail(failure, EXIT_UNEXPECTED, "not enough memory to pack the model (%llu MB)",
                    (unsigned long long)(total >> 20));
    }
    char *rest = p->memory;
    for (int kind = 0; kind < SECTIONS; kind++) {
        if (sizes[kind] == 0 || kind == SECTION_EMBEDDING || kind == SECTION_CLASSIFIER) continue;
        room->at[kind] = rest;
        p->sections[kind] = (Section){{rest, -1, 0}, sizes[kind], 0};
        rest += (sizes[kind] + 63) / 64 * 64;
    }
    p->sections[SECTION_EMBEDDING] =
        (Section){{m->embedding, -1, 0}, sizes[SECTION_EMBEDDING], 0};
    p->sections[SECTION_CLASSIFIER] =
        (Section){{m->classifier, -1, 0}, sizes[SECTION_CLASSIFIER], 0};
    return true;
}

static void copy_norms(const Packed *p, const Model *m, Room *room) {
    size_t all = (size_t)p->shape.layers * (size_t)p->shape.dim;
    float *norms = (float *)(void *)room->at[SECTION_NORMS];
    memcpy(norms, m->attention_norm, all * sizeof *norms);
    memcpy(norms + all, m->ffn_norm, all * sizeof *norms);
    memcpy(norms + 2 * all, m->final_norm, (size_t)p->shape.dim * sizeof *norms);
}

static void copy_layers(const Packed *p, const Model *m, Room *room) {
    float *to = (float *)(void *)room->at[SECTION_LAYERS];
    for (Part part = 0; to && part < PARTS; part++) {
        uint64_t count = part_start(p->shape, part + 1) - part_start(p->shape, part);
        memcpy(to, weights_of(m, 0, part), (size_t)count * sizeof *to);
        to += count;
    }
}

static bool pack(Packed *p, const Model *m, bool *collapsed, float *centre, Failure *failure) {
    Shape s = p->shape;
    p->told = s.vocab - pack_collapsed(m->classifier, s.vocab, s.dim, m->final_norm, centre,
                                       &p->radius, collapsed);
    Room room = {0};
    if (!make_room(p, m, &room, failure) || !packed_bind(p, failure)) return false;

    int32_t *ids = (int32_t *)(void *)room.at[SECTION_HEAD_IDS], slot = 0;
    for (int32_t id = 0; id < s.vocab; id++) {
        if (!collapsed[id]) ids[slot++] = id;
    }
    memcpy(room.at[SECTION_HEAD_CENTRE], centre, (size_t)s.dim * sizeof *centre);
    copy_norms(p, m, &room);
    copy_layers(p, m, &room);
    pack_layers(p, m, &room);
    pack_head(p, m, &room);
    return true;
}

bool pack_model(Packed *p, const Model *m, uint32_t modes, Failure *failure) {
    *p = (Packed){.shape = m->shape, .tied = m->tied, .modes = modes, .file = -1};
    bool *collapsed = malloc((size_t)m->shape.vocab * sizeof *collapsed);
    float *centre = malloc((size_t)m->shape.dim * sizeof *centre);
    bool packed = collapsed && centre ? pack(p, m, collapsed, centre, failure)
                                      : fail(failure, EXIT_UNEXPECTED, "not enough memory to pack");
    free(collapsed);
    free(centre);
    if (!packed) packed_close(p);
    return packed;
}
