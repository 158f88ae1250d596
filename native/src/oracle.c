#include "oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

void oracle_init(Oracle *o, Layers *layers) { *o = (Oracle){.layers = layers}; }

void oracle_free(Oracle *o) {
    free(o->x);
    free(o->matrix);
    free(o->row);
    *o = (Oracle){0};
}

enum { CHUNK = 256 };  // rows of the classifier at a time

// Most stories never ask: the memory is taken when the first one does.
static bool prepare(Oracle *o, Failure *failure) {
    if (o->row) return true;
    Shape s = o->layers->packed->shape;
    size_t dim = (size_t)s.dim, hidden = (size_t)s.hidden;
    size_t largest = dim * (hidden > dim ? hidden : dim);
    if (largest < CHUNK * dim) largest = CHUNK * dim;
    o->x = malloc((size_t)o->layers->positions * dim * sizeof(float));
    o->matrix = malloc(largest * sizeof(float));
    o->row = malloc((6 * dim + 2 * hidden) * sizeof(float));
    if (o->x && o->matrix && o->row) return true;
    oracle_free(o);
    return fail(failure, EXIT_UNEXPECTED, "not enough memory to decide a close choice in fp32");
}

static bool unreadable(Failure *failure) {
    return fail(failure, EXIT_UNEXPECTED,
                "the model's file can no longer be read; check the card, or fetch it again");
}

// `count` floats of a section, from `first` on; NULL where they cannot be read.
static const float *read_floats(Oracle *o, SectionKind kind, uint64_t first, uint64_t count,
                                float *buffer) {
    const Section *section = &o->layers->packed->sections[kind];
    o->bytes += count * sizeof(float);
    return source_read(&section->source, first * sizeof(float), (size_t)count * sizeof(float),
                       buffer);
}

// The weights of a part of a layer.
static const float *read_part(Oracle *o, int32_t layer, Part part) {
    int32_t rows, columns;
    part_size(o->layers->packed->shape, part, &rows, &columns);
    uint64_t count = (uint64_t)rows * (uint64_t)columns;
    uint64_t first = part_start(o->layers->packed->shape, part) + (uint64_t)layer * count;
    return read_floats(o, SECTION_LAYERS, first, count, o->matrix);
}

static void add(float *x, const float *branch, int32_t n) {
    for (int32_t i = 0; i < n; i++) x[i] += branch[i];
}

// The keys or the values of the positions from `known` to `count`, into the cache of `layer`.
static bool fill_cache(Oracle *o, int32_t layer, Part part, int32_t count) {
    Layers *l = o->layers;
    Shape s = l->packed->shape;
    int32_t size = s.dim / s.heads, kv = shape_kv(s);
    float *normed = o->row, *vector = o->row + s.dim;
    const float *w = read_part(o, layer, part);
    if (!w) return false;
    for (int32_t p = o->known; p < count; p++) {
        rmsnorm(normed, o->x + (int64_t)p * s.dim, l->packed->attention_norm + (int64_t)layer * s.dim,
                s.dim);
        matmul(vector, w, s.dim, normed, kv, s.dim);
        if (part == PART_K) {
            layers_angle(l, 0, p);
            layers_rotate(l, 0, vector, kv);
        }
        for (int32_t head = 0; head < s.kv_heads; head++) {
            float *keys = layers_keys(l, layer, head), *values = layers_values(l, layer, head);
            for (int32_t i = 0; i < size; i++) {
                if (part == PART_K) keys[i * l->capacity + p] = vector[head * size + i];
                else values[(int64_t)p * size + i] = vector[head * size + i];
            }
        }
    }
    return true;
}

// mixed (dim) of the query (dim) at position p. The plain kernels add in llama2.c's order.
static void attend(const Oracle *o, int32_t layer, int32_t p, const float *query, float *mixed) {
    const Layers *l = o->layers;
    Shape s = l->packed->shape;
    int32_t size = s.dim / s.heads, sharing = s.heads / s.kv_heads;
    float scale = sqrtf((float)size);
    for (int32_t head = 0; head < s.heads; head++) {
        simd_scalar.scores(l->scores, layers_keys(l, layer, head / sharing), l->capacity,
                           query + head * size, size, p + 1);
        for (int32_t i = 0; i <= p; i++) l->scores[i] /= scale;
        softmax(l->scores, p + 1);
        simd_scalar.mix(mixed + head * size, layers_values(l, layer, head / sharing), size,
                        l->scores, size, p + 1);
    }
}

static bool attention(Oracle *o, int32_t layer, int32_t count) {
    Layers *l = o->layers;
    Shape s = l->packed->shape;
    float *normed = o->row, *query = normed + s.dim;
    const float *weight = l->packed->attention_norm + (int64_t)layer * s.dim;
    if (!fill_cache(o, layer, PART_K, count) || !fill_cache(o, layer, PART_V, count)) return false;

    // What attention mixes waits in `waiting` until the output's weights are read.
    size_t size = (size_t)(count - o->known) * (size_t)s.dim * sizeof(float);
    float *waiting = malloc(size > 0 ? size : 1);
    const float *w = waiting ? read_part(o, layer, PART_Q) : NULL;
    for (int32_t p = o->known; w && p < count; p++) {
        rmsnorm(normed, o->x + (int64_t)p * s.dim, weight, s.dim);
        matmul(query, w, s.dim, normed, s.dim, s.dim);
        layers_angle(l, 0, p);
        layers_rotate(l, 0, query, s.dim);
        attend(o, layer, p, query, waiting + (int64_t)(p - o->known) * s.dim);
    }
    w = w ? read_part(o, layer, PART_O) : NULL;
    for (int32_t p = o->known; w && p < count; p++) {
        matmul(normed, w, s.dim, waiting + (int64_t)(p - o->known) * s.dim, s.dim, s.dim);
        add(o->x + (int64_t)p * s.dim, normed, s.dim);
    }
    free(waiting);
    return w != NULL;
}

// The feed-forward block. Its two inner vectors of each position wait likewise.
static bool feed_forward(Oracle *o, int32_t layer, int32_t count) {
    Shape s = o->layers->packed->shape;
    float *normed = o->row;
    const float *weight = o->layers->packed->ffn_norm + (int64_t)layer * s.dim;
    size_t rows = (size_t)(count - o->known), size = 2 * rows * (size_t)s.hidden * sizeof(float);
    float *gates = malloc(size > 0 ? size : 1);
    if (!gates) return false;
    float *ups = gates + rows * (size_t)s.hidden;
    const float *w = NULL;
    for (Part part = PART_GATE; part <= PART_UP; part++) {
        w = read_part(o, layer, part);
        for (int32_t p = o->known; w && p < count; p++) {
            int64_t at = (int64_t)(p - o->known) * s.hidden;
            rmsnorm(normed, o->x + (int64_t)p * s.dim, weight, s.dim);
            matmul((part == PART_GATE ? gates : ups) + at, w, s.dim, normed, s.hidden, s.dim);
        }
        if (!w) break;
    }
    w = w ? read_part(o, layer, PART_DOWN) : NULL;
    for (int32_t p = o->known; w && p < count; p++) {
        int64_t at = (int64_t)(p - o->known) * s.hidden;
        swiglu(gates + at, ups + at, s.hidden);
        matmul(normed, w, s.hidden, gates + at, s.dim, s.hidden);
        add(o->x + (int64_t)p * s.dim, normed, s.dim);
    }
    free(gates);
    return w != NULL;
}

bool oracle_ask(Oracle *o, const int32_t *tokens, int32_t count, float *logits, Failure *failure) {
    const Packed *p = o->layers->packed;
    Shape s = p->shape;
    if (!prepare(o, failure)) return false;
    if (o->known >= count) o->known = count - 1;  // the logits need at least the last one's run
    for (int32_t i = o->known; i < count; i++) {
        float *x = o->x + (int64_t)i * s.dim;
        const float *row = read_floats(o, SECTION_EMBEDDING, (uint64_t)tokens[i] * (uint64_t)s.dim,
                                       (uint64_t)s.dim, x);
        if (!row) return unreadable(failure);
        if (row != x) memcpy(x, row, (size_t)s.dim * sizeof *x);
    }
    for (int32_t layer = 0; layer < s.layers; layer++) {
        if (!attention(o, layer, count) || !feed_forward(o, layer, count)) {
            return unreadable(failure);
        }
    }
    o->known = count;

    rmsnorm(o->row, o->x + (int64_t)(count - 1) * s.dim, p->final_norm, s.dim);
    SectionKind classifier = p->tied ? SECTION_EMBEDDING : SECTION_CLASSIFIER;
    for (int32_t first = 0; first < s.vocab; first += CHUNK) {
        int32_t rows = s.vocab - first < CHUNK ? s.vocab - first : CHUNK;
        const float *w = read_floats(o, classifier, (uint64_t)first * (uint64_t)s.dim,
                                     (uint64_t)rows * (uint64_t)s.dim, o->matrix);
        if (!w) return unreadable(failure);
        matmul(logits + first, w, s.dim, o->row, rows, s.dim);
    }
    return true;
}
