#include "infer/quant_transformer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/ops_f32.h"

static int64_t whole_groups(int64_t n) { return (n + GROUP - 1) / GROUP * GROUP; }

// What is handed out so far of a block of memory; without one it only counts.
typedef struct {
    char *memory;
    uint64_t taken;
} Block;

static void *take(Block *block, uint64_t bytes) {
    void *slice = block->memory ? block->memory + block->taken : NULL;
    block->taken += (bytes + 63) / 64 * 64;
    return slice;
}

// Hand out the slices of `memory`, which may be NULL; their bytes.
static uint64_t slice(Layers *l, char *memory) {
    ModelConfig s = l->packed->config;
    uint64_t narrow = BATCH * (uint64_t)l->stride * sizeof(float);
    uint64_t wide = BATCH * (uint64_t)l->wide * sizeof(float);
    uint64_t cache = (uint64_t)s.layers * (uint64_t)config_kv_dim(s) * (uint64_t)l->capacity *
                     (l->half ? sizeof(uint16_t) : sizeof(float));
    Block rest = {memory, 0};
    l->x = take(&rest, narrow);
    l->normed = take(&rest, narrow);
    l->query = take(&rest, narrow);
    l->key = take(&rest, narrow);
    l->value = take(&rest, narrow);
    l->mixed = take(&rest, narrow);
    l->branch = take(&rest, narrow);
    l->gate = take(&rest, wide);
    l->up = take(&rest, wide);
    l->scores = take(&rest, (uint64_t)l->capacity * sizeof(float));
    uint64_t longest = (uint64_t)(l->wide > l->stride ? l->wide : l->stride);
    for (int t = 0; t < BATCH; t++) {
        l->quantised[t].value = take(&rest, longest);
        l->quantised[t].scale = take(&rest, longest / GROUP * sizeof(float));
        l->quantised[t].sum = take(&rest, longest / GROUP * sizeof(int32_t));
    }
    l->keys = take(&rest, cache);
    l->values = take(&rest, cache);
    return rest.taken;
}

bool layers_init(Layers *l, const Packed *packed, const Simd *simd, bool half, int32_t positions,
                 Failure *failure) {
    ModelConfig s = packed->config;
    *l = (Layers){
        .packed = packed,
        .simd = simd,
        .half = half,
        .positions = positions,
        .stride = whole_groups(s.dim),
        .wide = whole_groups(s.hidden),
        .capacity = whole_groups(positions),
    };
    uint64_t bytes = slice(l, NULL) + 64;
    // calloc's pages come into being when they are first written: a story that ends early never
    // takes the memory of the whole context.
    l->memory = bytes > SIZE_MAX ? NULL : calloc(1, (size_t)bytes);
    if (!l->memory) {
        return fail(failure, EXIT_UNEXPECTED,
                    "not enough memory for %d tokens of this model (%llu MB); tell fewer with -n",
                    positions, (unsigned long long)(bytes >> 20));
    }
    char *memory = l->memory;
    slice(l, memory + (64 - (uintptr_t)memory % 64) % 64);
    return true;
}

void layers_free(Layers *l) {
    free(l->memory);
    *l = (Layers){0};
}

static int64_t cache_at(const Layers *l, int32_t layer, int32_t head) {
    ModelConfig s = l->packed->config;
    return ((int64_t)layer * s.kv_heads + head) * (s.dim / s.heads) * l->capacity;
}

// The key and value of vector `t` into the caches.
static void remember(Layers *l, int32_t layer, int32_t t, int32_t position) {
    ModelConfig s = l->packed->config;
    int32_t size = s.dim / s.heads;
    for (int32_t head = 0; head < s.kv_heads; head++) {
        const float *key = l->key + t * l->stride + head * size;
        const float *value = l->value + t * l->stride + head * size;
        int64_t at = cache_at(l, layer, head);
        if (l->half) {
            uint16_t *keys = (uint16_t *)l->keys + at + position;
            uint16_t *values = (uint16_t *)l->values + at + (int64_t)position * size;
            for (int32_t i = 0; i < size; i++) keys[i * l->capacity] = bf16_of_f32(key[i]);
            for (int32_t i = 0; i < size; i++) values[i] = bf16_of_f32(value[i]);
        } else {
            float *keys = (float *)l->keys + at + position;
            float *values = (float *)l->values + at + (int64_t)position * size;
            for (int32_t i = 0; i < size; i++) keys[i * l->capacity] = key[i];
            memcpy(values, value, (size_t)size * sizeof *values);
        }
    }
}

// mixed (dim) of vector `t` = for each head, the values of positions 0 to `position`, weighted by
// how well their keys match its query.
static void attend(Layers *l, Precision precision, int32_t layer, int32_t t, int32_t position) {
    const Simd *simd = l->simd;
    ModelConfig s = l->packed->config;
    int32_t size = s.dim / s.heads, sharing = s.heads / s.kv_heads, n = position + 1;
    float root = sqrtf((float)size), scale = 1.0f / root;
    for (int32_t head = 0; head < s.heads; head++) {
        const float *query = l->query + t * l->stride + head * size;
        float *mixed = l->mixed + t * l->stride + head * size;
        int64_t at = cache_at(l, layer, head / sharing);
        if (l->half) {
            simd->scores_bf16(l->scores, (uint16_t *)l->keys + at, l->capacity, query, size, n);
            simd->softmax(l->scores, scale, n);
            simd->weighted_sum_bf16(mixed, (uint16_t *)l->values + at, size, l->scores, size, n);
        } else {
            simd->scores(l->scores, (float *)l->keys + at, l->capacity, query, size, n);
            if (precision == PRECISE) {
                for (int32_t i = 0; i < n; i++) l->scores[i] /= root;
                softmax(l->scores, n);
            } else {
                simd->softmax(l->scores, scale, n);
            }
            simd->weighted_sum(mixed, (float *)l->values + at, size, l->scores, size, n);
        }
    }
}

static void prepare(Layers *l, Precision precision, const float *x, int64_t stride, int32_t columns,
                    int32_t count) {
    if (precision == PRECISE) return;
    for (int32_t t = 0; t < count; t++) l->simd->quantise(&l->quantised[t], x + t * stride, columns);
}

// out (count, out_stride) = the part of `layer` times x (count, stride), which prepare() has seen.
static void multiply(Layers *l, Precision precision, int32_t layer, LayerMatrix kind, float *out,
                     int64_t out_stride, const float *x, int64_t stride, int32_t count) {
    const IntMatrix *m = &l->packed->matrices[layer * LAYER_MATRICES + (int32_t)kind];
    if (precision == PRECISE) {
        l->bytes += matmul_exact_bytes(m);
        matmul_exact(l->simd, out, out_stride, m, x, stride, count);
    } else {
        l->bytes += matmul_int8_bytes(m);
        l->simd->matmul_int8(out, out_stride, m, l->quantised, count);
    }
}

static void add(float *x, const float *branch, int64_t n) {
    for (int64_t i = 0; i < n; i++) x[i] += branch[i];
}

static void norm(Layers *l, const float *weight, int32_t count) {
    for (int32_t t = 0; t < count; t++) {
        rmsnorm(l->normed + t * l->stride, l->x + t * l->stride, weight, l->packed->config.dim);
    }
}

static bool embed(Layers *l, const int32_t *tokens, int32_t count, Failure *failure) {
    const Packed *p = l->packed;
    size_t size = (size_t)p->config.dim * sizeof(float);
    const Section *rows = &p->sections[SECTION_EMBEDDING];
    for (int32_t t = 0; t < count; t++) {
        float *x = l->x + t * l->stride;
        bool own = p->tied && l->half;  // mode fast has no other form of them
        const void *row = own ? NULL : file_view_read(&rows->view, (uint64_t)p->slots[tokens[t]] * size, size, x);
        if (own ? !lm_head_row(&p->head, tokens[t], x) : !row) {
            return fail(failure, EXIT_UNEXPECTED,
                        "the model's file can no longer be read; check the card, or fetch it again");
        }
        if (row && row != x) memcpy(x, row, size);
    }
    return true;
}

bool layers_run(Layers *l, Precision precision, const int32_t *tokens, int32_t count,
                int32_t position, Failure *failure) {
    const Packed *p = l->packed;
    ModelConfig s = p->config;
    int64_t stride = l->stride;
    int32_t kv = config_kv_dim(s), head = s.dim / s.heads;
    if (!embed(l, tokens, count, failure)) return false;

    for (int32_t layer = 0; layer < s.layers; layer++) {
        norm(l, p->attention_norm + (int64_t)layer * s.dim, count);
        prepare(l, precision, l->normed, stride, s.dim, count);
        multiply(l, precision, layer, MATRIX_Q, l->query, stride, l->normed, stride, count);
        multiply(l, precision, layer, MATRIX_K, l->key, stride, l->normed, stride, count);
        multiply(l, precision, layer, MATRIX_V, l->value, stride, l->normed, stride, count);
        for (int32_t t = 0; t < count; t++) {
            const float *cosine = p->cosine + (position + t) * (head / 2);
            const float *sine = p->sine + (position + t) * (head / 2);
            rope_rotate(l->query + t * stride, s.dim, cosine, sine, head);
            rope_rotate(l->key + t * stride, kv, cosine, sine, head);
            remember(l, layer, t, position + t);
        }
        for (int32_t t = 0; t < count; t++) attend(l, precision, layer, t, position + t);
        prepare(l, precision, l->mixed, stride, s.dim, count);
        multiply(l, precision, layer, MATRIX_O, l->branch, stride, l->mixed, stride, count);
        add(l->x, l->branch, count * stride);

        norm(l, p->ffn_norm + (int64_t)layer * s.dim, count);
        prepare(l, precision, l->normed, stride, s.dim, count);
        multiply(l, precision, layer, MATRIX_GATE, l->gate, l->wide, l->normed, stride, count);
        multiply(l, precision, layer, MATRIX_UP, l->up, l->wide, l->normed, stride, count);
        for (int32_t t = 0; t < count; t++) {
            float *gate = l->gate + t * l->wide, *up = l->up + t * l->wide;
            if (precision == PRECISE) swiglu(gate, up, s.hidden);
            else l->simd->swiglu(gate, up, s.hidden);
        }
        prepare(l, precision, l->gate, l->wide, s.hidden, count);
        multiply(l, precision, layer, MATRIX_DOWN, l->branch, stride, l->gate, l->wide, count);
        add(l->x, l->branch, count * stride);
    }
    norm(l, p->final_norm, count);
    return true;
}
