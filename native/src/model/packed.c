#include "model/packed.h"

#include <stdlib.h>
#include <string.h>

void layer_matrix_size(ModelConfig s, LayerMatrix kind, int32_t *rows, int32_t *columns) {
    *rows = kind == MATRIX_K || kind == MATRIX_V       ? config_kv_dim(s)
            : kind == MATRIX_GATE || kind == MATRIX_UP ? s.hidden
                                                       : s.dim;
    *columns = kind == MATRIX_DOWN ? s.hidden : s.dim;
}

// Copy the rows (vocab, dim) of a section into `to`, in the order of the ids.
static const float *rows_by_id(const Packed *p, SectionKind kind, float *to) {
    size_t dim = (size_t)p->config.dim;
    const char *rows = (const char *)p->mapping + p->sections[kind].view.offset;
    for (int32_t id = 0; id < p->config.vocab; id++) {
        memcpy(to + (size_t)id * dim, rows + (size_t)p->slots[id] * dim * sizeof *to,
               dim * sizeof *to);
    }
    return to;
}

bool packed_to_checkpoint(const Packed *p, Checkpoint *m, Failure *failure) {
    ModelConfig s = p->config;
    WeightCounts counts = config_weight_counts(s);
    uint64_t total =
        2 * (counts.query + counts.key) + 3 * counts.ffn + (p->tied ? 1 : 2) * counts.embedding;
    float *w = total > SIZE_MAX / sizeof *w ? NULL : malloc((size_t)total * sizeof *w);
    if (!w) return fail(failure, EXIT_UNEXPECTED, "not enough memory for the model in fp32");
    const float *parts[LAYER_MATRICES];
    float *to = w;
    for (LayerMatrix kind = 0; kind < LAYER_MATRICES; kind++) {
        parts[kind] = to;
        for (int32_t layer = 0; layer < s.layers; layer++) {
            const IntMatrix *matrix = &p->matrices[layer * LAYER_MATRICES + (int32_t)kind];
            int_matrix_copy_plain(matrix, to);
            to += (int64_t)matrix->rows * matrix->columns;
        }
    }
    const float *embedding = rows_by_id(p, SECTION_EMBEDDING, to);
    if (!p->tied) to += counts.embedding;
    const float *classifier = p->tied ? embedding : rows_by_id(p, SECTION_CLASSIFIER, to);
    *m = (Checkpoint){
        .config = s,
        .parameters = config_parameters(s, counts, p->tied),
        .embedding = embedding,
        .attention_norm = p->attention_norm,
        .wq = parts[MATRIX_Q],
        .wk = parts[MATRIX_K],
        .wv = parts[MATRIX_V],
        .wo = parts[MATRIX_O],
        .ffn_norm = p->ffn_norm,
        .w1 = parts[MATRIX_GATE],
        .w3 = parts[MATRIX_UP],
        .w2 = parts[MATRIX_DOWN],
        .final_norm = p->final_norm,
        .classifier = classifier,
        .tied = p->tied,
        .expanded = w,
    };
    return true;
}

void packed_sizes(const Packed *p, uint64_t sizes[SECTIONS]) {
    ModelConfig s = p->config;
    uint64_t layers = (uint64_t)s.layers, dim = (uint64_t)s.dim, vocab = (uint64_t)s.vocab;
    bool exact = p->modes & PACKED_EXACT;
    memset(sizes, 0, SECTIONS * sizeof *sizes);

    for (LayerMatrix kind = 0; kind < LAYER_MATRICES; kind++) {
        int32_t rows, columns;
        layer_matrix_size(s, kind, &rows, &columns);
        uint64_t blocks = layers * (uint64_t)blocks_of(rows, columns);
        sizes[SECTION_HIGH] += blocks * BLOCK;
        sizes[SECTION_MULTIPLIER] += blocks * TILE;
        sizes[SECTION_SCALE] += layers * (uint64_t)tiles_of(rows) * TILE * sizeof(float);
        if (exact) sizes[SECTION_PLAIN] += blocks * BLOCK * sizeof(float);
    }
    uint64_t coded = (uint64_t)p->coded, tiles = (uint64_t)tiles_of(p->coded);
    uint64_t row = (uint64_t)groups_of(s.dim) * (GROUP / 2);
    sizes[SECTION_NORMS] = (2 * layers + 1) * dim * sizeof(float);
    sizes[SECTION_ROPE] = 2 * (uint64_t)s.context * (uint64_t)(s.dim / s.heads / 2) * sizeof(float);
    sizes[SECTION_HEAD_IDS] = vocab * sizeof(int32_t);
    sizes[SECTION_HEAD_COARSE] = tiles * TILE * row;
    sizes[SECTION_HEAD_FINE] = coded * row;
    sizes[SECTION_HEAD_FACTORS] = 4 * tiles * TILE * sizeof(float);
    sizes[SECTION_HEAD_ANCHORS] = ANCHORS * dim * sizeof(float) + tiles;
    sizes[SECTION_HEAD_CENTRE] = (dim + 2) * sizeof(float);
    sizes[SECTION_EMBEDDING] = exact || !p->tied ? vocab * dim * sizeof(float) : 0;
    sizes[SECTION_CLASSIFIER] = exact && !p->tied ? vocab * dim * sizeof(float) : 0;
}

static const void *section_bytes(const Packed *p, SectionKind kind) {
    return p->sections[kind].view.memory;
}

bool packed_bind(Packed *p, Failure *failure) {
    ModelConfig s = p->config;
    p->matrices = calloc((size_t)s.layers * LAYER_MATRICES, sizeof *p->matrices);
    p->slots = malloc((size_t)s.vocab * sizeof *p->slots);
    if (!p->matrices || !p->slots) {
        return fail(failure, EXIT_UNEXPECTED, "not enough memory for the model");
    }

    const float *norms = section_bytes(p, SECTION_NORMS);
    p->attention_norm = norms;
    p->ffn_norm = norms + (int64_t)s.layers * s.dim;
    p->final_norm = norms + 2 * (int64_t)s.layers * s.dim;

    p->cosine = section_bytes(p, SECTION_ROPE);
    p->sine = p->cosine + (int64_t)s.context * (s.dim / s.heads / 2);

    int64_t blocks = 0, rows = 0;
    for (int32_t i = 0; i < s.layers * LAYER_MATRICES; i++) {
        IntMatrix *m = &p->matrices[i];
        layer_matrix_size(s, (LayerMatrix)(i % LAYER_MATRICES), &m->rows, &m->columns);
        m->tiles = tiles_of(m->rows);
        m->groups = groups_of(m->columns);
        m->high = (const int8_t *)section_bytes(p, SECTION_HIGH) + blocks * BLOCK;
        m->multiplier = (const uint8_t *)section_bytes(p, SECTION_MULTIPLIER) + blocks * TILE;
        m->scale = (const float *)section_bytes(p, SECTION_SCALE) + rows;
        const float *plain = section_bytes(p, SECTION_PLAIN);
        if (plain) m->plain = plain + blocks * BLOCK;
        blocks += (int64_t)m->tiles * m->groups;
        rows += m->tiles * TILE;
    }

    const int32_t *ids = section_bytes(p, SECTION_HEAD_IDS);
    for (int32_t slot = 0; slot < s.vocab; slot++) p->slots[ids[slot]] = slot;
    const float *factors = section_bytes(p, SECTION_HEAD_FACTORS),
                *anchors = section_bytes(p, SECTION_HEAD_ANCHORS);
    int64_t padded = (int64_t)tiles_of(p->coded) * TILE;
    p->head = (LmHead){
        .vocab = s.vocab,
        .dim = s.dim,
        .coded = p->coded,
        .tiles = tiles_of(p->coded),
        .groups = groups_of(s.dim),
        .ids = ids,
        .slots = p->slots,
        .coarse = section_bytes(p, SECTION_HEAD_COARSE),
        .fine = p->sections[SECTION_HEAD_FINE].view,
        .rows = p->sections[p->tied ? SECTION_EMBEDDING : SECTION_CLASSIFIER].view,
        .scale = factors,
        .coarse_error = factors + padded,
        .fine_error = factors + 2 * padded,
        .norm = factors + 3 * padded,
        .anchors = anchors,
        .anchor_of = (const uint8_t *)(anchors + (int64_t)ANCHORS * s.dim),
        .centre = section_bytes(p, SECTION_HEAD_CENTRE),
        .longest = (const float *)section_bytes(p, SECTION_HEAD_CENTRE) + s.dim,
        .radius = p->radius,
    };
    return true;
}
