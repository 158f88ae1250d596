#include "model/packed.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/simd.h"

void part_size(Shape s, Part part, int32_t *rows, int32_t *columns) {
    *rows = part == PART_K || part == PART_V         ? shape_kv(s)
            : part == PART_GATE || part == PART_UP   ? s.hidden
                                                     : s.dim;
    *columns = part == PART_DOWN ? s.hidden : s.dim;
}

// Rows of a matrix in the model's own order: w (rows, columns).
static void put_together(const IntMatrix *m, float *w) {
    float plain[BLOCK];
    for (int64_t block = 0; block < (int64_t)m->tiles * m->groups; block++) {
        simd_scalar.unpack(plain, m, block);
        int_matrix_apply_patches(m, block, plain);
        int32_t first = (int32_t)(block / m->groups) * TILE;
        int32_t start = (int32_t)(block % m->groups) * GROUP;
        for (int32_t lane = 0; lane < TILE && first + lane < m->rows; lane++) {
            for (int32_t i = 0; i < GROUP && start + i < m->columns; i++) {
                w[(int64_t)(first + lane) * m->columns + start + i] = plain[i * TILE + lane];
            }
        }
    }
}

// Rows (vocab, dim) as the model has them, into `to`.
static const float *in_order_of_ids(const Packed *p, SectionKind kind, float *to) {
    size_t dim = (size_t)p->shape.dim;
    const char *rows = (const char *)p->mapping + p->sections[kind].view.offset;
    for (int32_t id = 0; id < p->shape.vocab; id++) {
        memcpy(to + (size_t)id * dim, rows + (size_t)p->slots[id] * dim * sizeof *to, dim * sizeof *to);
    }
    return to;
}

bool packed_model(const Packed *p, Model *m, Failure *failure) {
    Shape s = p->shape;
    Counts counts = shape_counts(s);
    uint64_t total = 2 * (counts.query + counts.key) + 3 * counts.ffn +
                     (p->tied ? 1 : 2) * counts.embedding;
    float *w = total > SIZE_MAX / sizeof *w ? NULL : malloc((size_t)total * sizeof *w);
    if (!w) return fail(failure, EXIT_UNEXPECTED, "not enough memory for the model in fp32");
    const float *parts[PARTS];
    float *to = w;
    for (Part part = 0; part < PARTS; part++) {
        parts[part] = to;
        for (int32_t layer = 0; layer < s.layers; layer++) {
            const IntMatrix *matrix = &p->matrices[layer * PARTS + (int32_t)part];
            put_together(matrix, to);
            to += (int64_t)matrix->rows * matrix->columns;
        }
    }
    const float *embedding = in_order_of_ids(p, SECTION_EMBEDDING, to);
    if (!p->tied) to += counts.embedding;
    const float *classifier = p->tied ? embedding : in_order_of_ids(p, SECTION_CLASSIFIER, to);
    *m = (Model){
        .shape = s,
        .parameters = shape_parameters(s, counts, p->tied),
        .embedding = embedding,
        .attention_norm = p->attention_norm,
        .wq = parts[PART_Q],
        .wk = parts[PART_K],
        .wv = parts[PART_V],
        .wo = parts[PART_O],
        .ffn_norm = p->ffn_norm,
        .w1 = parts[PART_GATE],
        .w3 = parts[PART_UP],
        .w2 = parts[PART_DOWN],
        .final_norm = p->final_norm,
        .classifier = classifier,
        .tied = p->tied,
        .expanded = w,
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
        uint64_t blocks = layers * (uint64_t)blocks_of(rows, columns);
        sizes[SECTION_HIGH] += blocks * BLOCK;
        sizes[SECTION_MULTIPLIER] += blocks * TILE;
        sizes[SECTION_SCALE] += layers * (uint64_t)tiles_of(rows) * TILE * sizeof(float);
        if (!exact) continue;
        sizes[SECTION_MIDDLE] += blocks * BLOCK;
        sizes[SECTION_LOW] += blocks * BLOCK * sizeof(uint16_t);
        sizes[SECTION_PATCHED] += blocks * sizeof(uint32_t);
    }
    if (exact) {
        sizes[SECTION_PATCHED] += sizeof(uint32_t);  // where the last one ends
        sizes[SECTION_PATCH_AT] = p->patches * sizeof(uint16_t);
        sizes[SECTION_PATCH] = p->patches * sizeof(float);
    }
    uint64_t told = (uint64_t)p->told, tiles = (uint64_t)tiles_of(p->told);
    uint64_t row = (uint64_t)groups_of(s.dim) * (GROUP / 2);
    sizes[SECTION_NORMS] = (2 * layers + 1) * dim * sizeof(float);
    sizes[SECTION_TURNS] = 2 * (uint64_t)s.context * (uint64_t)(s.dim / s.heads / 2) * sizeof(float);
    sizes[SECTION_HEAD_IDS] = vocab * sizeof(int32_t);
    sizes[SECTION_HEAD_COARSE] = tiles * TILE * row;
    sizes[SECTION_HEAD_FINE] = told * row;
    sizes[SECTION_HEAD_FACTORS] = 4 * tiles * TILE * sizeof(float);
    sizes[SECTION_HEAD_ANCHORS] = ANCHORS * dim * sizeof(float) + tiles;
    sizes[SECTION_HEAD_CENTRE] = (dim + 2) * sizeof(float);
    sizes[SECTION_EMBEDDING] = exact || !p->tied ? vocab * dim * sizeof(float) : 0;
    sizes[SECTION_CLASSIFIER] = exact && !p->tied ? vocab * dim * sizeof(float) : 0;
}

static const void *start(const Packed *p, SectionKind kind) {
    return p->sections[kind].view.memory;
}

bool packed_bind(Packed *p, Failure *failure) {
    Shape s = p->shape;
    p->matrices = calloc((size_t)s.layers * PARTS, sizeof *p->matrices);
    p->slots = malloc((size_t)s.vocab * sizeof *p->slots);
    if (!p->matrices || !p->slots) return fail(failure, EXIT_UNEXPECTED, "not enough memory for the model");

    const float *norms = start(p, SECTION_NORMS);
    p->attention_norm = norms;
    p->ffn_norm = norms + (int64_t)s.layers * s.dim;
    p->final_norm = norms + 2 * (int64_t)s.layers * s.dim;

    p->cosine = start(p, SECTION_TURNS);
    p->sine = p->cosine + (int64_t)s.context * (s.dim / s.heads / 2);

    int64_t blocks = 0, rows = 0;
    for (int32_t i = 0; i < s.layers * PARTS; i++) {
        IntMatrix *m = &p->matrices[i];
        part_size(s, (Part)(i % PARTS), &m->rows, &m->columns);
        m->tiles = tiles_of(m->rows);
        m->groups = groups_of(m->columns);
        m->high = (const int8_t *)start(p, SECTION_HIGH) + blocks * BLOCK;
        m->multiplier = (const uint8_t *)start(p, SECTION_MULTIPLIER) + blocks * TILE;
        m->scale = (const float *)start(p, SECTION_SCALE) + rows;
        if (start(p, SECTION_LOW)) {
            m->middle = (const int8_t *)start(p, SECTION_MIDDLE) + blocks * BLOCK;
            m->low = (const uint16_t *)start(p, SECTION_LOW) + blocks * BLOCK;
            m->patched = (const uint32_t *)start(p, SECTION_PATCHED) + blocks;
            m->patch_at = start(p, SECTION_PATCH_AT);
            m->patch = start(p, SECTION_PATCH);
        }
        blocks += (int64_t)m->tiles * m->groups;
        rows += m->tiles * TILE;
    }

    const int32_t *ids = start(p, SECTION_HEAD_IDS);
    for (int32_t slot = 0; slot < s.vocab; slot++) p->slots[ids[slot]] = slot;
    const float *factors = start(p, SECTION_HEAD_FACTORS), *anchors = start(p, SECTION_HEAD_ANCHORS);
    int64_t padded = (int64_t)tiles_of(p->told) * TILE;
    p->head = (Head){
        .vocab = s.vocab,
        .dim = s.dim,
        .told = p->told,
        .tiles = tiles_of(p->told),
        .groups = groups_of(s.dim),
        .ids = ids,
        .slots = p->slots,
        .coarse = start(p, SECTION_HEAD_COARSE),
        .fine = p->sections[SECTION_HEAD_FINE].view,
        .rows = p->sections[p->tied ? SECTION_EMBEDDING : SECTION_CLASSIFIER].view,
        .scale = factors,
        .coarse_error = factors + padded,
        .fine_error = factors + 2 * padded,
        .norm = factors + 3 * padded,
        .anchors = anchors,
        .anchor_of = (const uint8_t *)(anchors + (int64_t)ANCHORS * s.dim),
        .centre = start(p, SECTION_HEAD_CENTRE),
        .longest = (const float *)start(p, SECTION_HEAD_CENTRE) + s.dim,
        .radius = p->radius,
    };
    return true;
}
