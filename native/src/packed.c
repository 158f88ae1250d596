#include "packed.h"

#include <stdlib.h>
#include <string.h>

void part_size(Shape s, Part part, int32_t *rows, int32_t *columns) {
    *rows = part == PART_K || part == PART_V         ? shape_kv(s)
            : part == PART_GATE || part == PART_UP   ? s.hidden
                                                     : s.dim;
    *columns = part == PART_DOWN ? s.hidden : s.dim;
}

uint64_t part_start(Shape s, Part part) {
    uint64_t start = 0;
    for (Part before = 0; before < part; before++) {
        int32_t rows, columns;
        part_size(s, before, &rows, &columns);
        start += (uint64_t)s.layers * (uint64_t)rows * (uint64_t)columns;
    }
    return start;
}

bool packed_model(const Packed *p, Model *m) {
    if (!(p->modes & PACKED_EXACT)) return false;
    const char *file = p->mapping;
    const float *embedding =
        (const float *)(const void *)(file + p->sections[SECTION_EMBEDDING].source.offset);
    const float *classifier =
        (const float *)(const void *)(file + p->sections[SECTION_CLASSIFIER].source.offset);
    const float *layers =
        (const float *)(const void *)(file + p->sections[SECTION_LAYERS].source.offset);
    *m = (Model){
        .shape = p->shape,
        .parameters = shape_parameters(p->shape, shape_counts(p->shape), p->tied),
        .embedding = embedding,
        .attention_norm = p->attention_norm,
        .wq = layers + part_start(p->shape, PART_Q),
        .wk = layers + part_start(p->shape, PART_K),
        .wv = layers + part_start(p->shape, PART_V),
        .wo = layers + part_start(p->shape, PART_O),
        .ffn_norm = p->ffn_norm,
        .w1 = layers + part_start(p->shape, PART_GATE),
        .w3 = layers + part_start(p->shape, PART_UP),
        .w2 = layers + part_start(p->shape, PART_DOWN),
        .final_norm = p->final_norm,
        .classifier = p->tied ? embedding : classifier,
        .tied = p->tied,
    };
    return true;
}

void packed_sizes(const Packed *p, uint64_t sizes[SECTIONS]) {
    Shape s = p->shape;
    uint64_t layers = (uint64_t)s.layers, dim = (uint64_t)s.dim, vocab = (uint64_t)s.vocab;
    bool exact = p->modes & PACKED_EXACT;
    memset(sizes, 0, SECTIONS * sizeof *sizes);

    for (Part part = 0; part < PARTS; part++) {
        int32_t rows, columns;
        part_size(s, part, &rows, &columns);
        MatrixSize size = matrix_size(rows, columns);
        sizes[SECTION_HIGH] += layers * size.high;
        sizes[SECTION_LOW] += exact ? layers * size.low : 0;
        sizes[SECTION_MULTIPLIER] += layers * size.multiplier;
        sizes[SECTION_SCALE] += layers * size.scale;
    }
    uint64_t told = (uint64_t)p->told, tiles = (uint64_t)tiles_of(p->told);
    uint64_t row = (uint64_t)groups_of(s.dim) * (GROUP / 2);
    sizes[SECTION_NORMS] = (2 * layers + 1) * dim * sizeof(float);
    sizes[SECTION_HEAD_IDS] = told * sizeof(int32_t);
    sizes[SECTION_HEAD_COARSE] = tiles * TILE * row;
    sizes[SECTION_HEAD_FINE] = told * row;
    sizes[SECTION_HEAD_FACTORS] = 4 * tiles * TILE * sizeof(float);
    sizes[SECTION_HEAD_CENTRE] = dim * sizeof(float);
    sizes[SECTION_EMBEDDING] = exact || !p->tied ? vocab * dim * sizeof(float) : 0;
    sizes[SECTION_CLASSIFIER] = exact && !p->tied ? vocab * dim * sizeof(float) : 0;
    sizes[SECTION_LAYERS] = exact ? part_start(s, PARTS) * sizeof(float) : 0;
}

static const void *start(const Packed *p, SectionKind kind) {
    return p->sections[kind].source.memory;
}

bool packed_bind(Packed *p, Failure *failure) {
    Shape s = p->shape;
    p->matrices = calloc((size_t)s.layers * PARTS, sizeof *p->matrices);
    if (!p->matrices) return fail(failure, EXIT_UNEXPECTED, "not enough memory for the model");

    const float *norms = start(p, SECTION_NORMS);
    p->attention_norm = norms;
    p->ffn_norm = norms + (int64_t)s.layers * s.dim;
    p->final_norm = norms + 2 * (int64_t)s.layers * s.dim;

    const int8_t *high = start(p, SECTION_HIGH);
    const int16_t *low = start(p, SECTION_LOW);
    const uint8_t *multiplier = start(p, SECTION_MULTIPLIER);
    const float *scale = start(p, SECTION_SCALE);
    for (int32_t i = 0; i < s.layers * PARTS; i++) {
        Matrix *m = &p->matrices[i];
        part_size(s, (Part)(i % PARTS), &m->rows, &m->columns);
        m->tiles = tiles_of(m->rows);
        m->groups = groups_of(m->columns);
        m->high = high;
        m->low = low;
        m->multiplier = multiplier;
        m->scale = scale;
        MatrixSize size = matrix_size(m->rows, m->columns);
        high += size.high;
        if (low) low += size.low / sizeof *low;
        multiplier += size.multiplier;
        scale += size.scale / sizeof *scale;
    }

    const float *factors = start(p, SECTION_HEAD_FACTORS);
    int64_t padded = (int64_t)tiles_of(p->told) * TILE;
    p->head = (Head){
        .vocab = s.vocab,
        .dim = s.dim,
        .told = p->told,
        .tiles = tiles_of(p->told),
        .groups = groups_of(s.dim),
        .ids = start(p, SECTION_HEAD_IDS),
        .coarse = start(p, SECTION_HEAD_COARSE),
        .fine = p->sections[SECTION_HEAD_FINE].source,
        .rows = p->sections[p->tied ? SECTION_EMBEDDING : SECTION_CLASSIFIER].source,
        .scale = factors,
        .coarse_error = factors + padded,
        .fine_error = factors + 2 * padded,
        .norm = factors + 3 * padded,
        .centre = start(p, SECTION_HEAD_CENTRE),
        .radius = p->radius,
    };
    return true;
}
