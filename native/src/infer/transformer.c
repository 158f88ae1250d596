// Mirrors forward() of llama2.c's run.c, for one token at one position:
//   x (dim) = embedding; for each layer
//     x += wo @ attention(rope(wq @ n), rope(wk @ n), wv @ n), n = rmsnorm(x)
//     x += w2 @ (silu(w1 @ n) * (w3 @ n)), n = rmsnorm(x)
//   logits (vocab) = classifier @ rmsnorm(x)
// Every sum is in run.c's order, so that the logits are its own bit for bit.
#include "infer/transformer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/ops_f32.h"

static float *next_buffer(float **rest, uint64_t count) {
    float *slice = *rest;
    *rest += count;
    return slice;
}

bool transformer_init(Transformer *t, const Checkpoint *checkpoint, int32_t positions,
                      Failure *failure) {
    ModelConfig s = checkpoint->config;
    uint64_t dim = (uint64_t)s.dim, hidden = (uint64_t)s.hidden, vocab = (uint64_t)s.vocab;
    uint64_t head = dim / (uint64_t)s.heads, kv = head * (uint64_t)s.kv_heads;
    // No product overflows: checkpoint_open() limits every size.
    uint64_t cache = (uint64_t)s.layers * (uint64_t)positions * kv;
    uint64_t total =
        5 * dim + 2 * hidden + (uint64_t)positions + 2 * (head / 2) + vocab + 2 * cache;

    // calloc() maps pages lazily: a story that ends early does not take the memory of the whole
    // context.
    float *memory = total > SIZE_MAX / sizeof(float) ? NULL : calloc((size_t)total, sizeof(float));
    *t = (Transformer){.checkpoint = checkpoint, .positions = positions, .memory = memory};
    if (!memory) {
        return fail(failure, EXIT_UNEXPECTED,
                    "not enough memory for %d tokens of this model (%llu MB); tell fewer with -n",
                    positions, (unsigned long long)(total * sizeof(float) >> 20));
    }
    float *rest = memory;
    t->x = next_buffer(&rest, dim);
    t->normed = next_buffer(&rest, dim);
    t->query = next_buffer(&rest, dim);
    t->attended = next_buffer(&rest, dim);
    t->branch = next_buffer(&rest, dim);
    t->gate = next_buffer(&rest, hidden);
    t->up = next_buffer(&rest, hidden);
    t->scores = next_buffer(&rest, (uint64_t)positions);
    t->cosine = next_buffer(&rest, head / 2);
    t->sine = next_buffer(&rest, head / 2);
    t->logits = next_buffer(&rest, vocab);
    t->keys = next_buffer(&rest, cache);
    t->values = next_buffer(&rest, cache);
    return true;
}

void transformer_free(Transformer *t) {
    free(t->memory);
    *t = (Transformer){0};
}

// attended (dim) = softmax(query . keys / sqrt(head)) . values over positions 0 to `position`, for
// each head. heads / kv_heads queries share one key and value head (GQA).
static void attention(Transformer *t, const float *keys, const float *values, int32_t position) {
    ModelConfig s = t->checkpoint->config;
    int32_t head = s.dim / s.heads, kv = head * s.kv_heads, sharing = s.heads / s.kv_heads;
    float scale = sqrtf((float)head);

    memset(t->attended, 0, (size_t)s.dim * sizeof(float));
    for (int32_t h = 0; h < s.heads; h++) {
        const float *query = t->query + h * head;
        int64_t offset = h / sharing * head;
        matmul(t->scores, keys + offset, kv, query, position + 1, head);
        for (int32_t p = 0; p <= position; p++) t->scores[p] /= scale;
        softmax(t->scores, position + 1);

        float *attended = t->attended + h * head;
        for (int32_t p = 0; p <= position; p++) {
            const float *value = values + (int64_t)p * kv + offset;
            float weight = t->scores[p];
            for (int32_t i = 0; i < head; i++) attended[i] += weight * value[i];
        }
    }
}

static void add(float *x, const float *branch, int32_t n) {
    for (int32_t i = 0; i < n; i++) x[i] += branch[i];
}

float *transformer_forward(Transformer *t, int32_t token, int32_t position, bool logits) {
    const Checkpoint *m = t->checkpoint;
    ModelConfig s = m->config;
    int32_t dim = s.dim, hidden = s.hidden, head = dim / s.heads, kv = head * s.kv_heads;

    memcpy(t->x, m->embedding + (int64_t)token * dim, (size_t)dim * sizeof(float));
    rope_table(t->cosine, t->sine, position, head);

    for (int64_t layer = 0; layer < s.layers; layer++) {
        float *keys = t->keys + layer * t->positions * kv;      // (positions, kv)
        float *values = t->values + layer * t->positions * kv;  // (positions, kv)
        float *key = keys + (int64_t)position * kv;
        float *value = values + (int64_t)position * kv;

        rmsnorm(t->normed, t->x, m->attention_norm + layer * dim, dim);
        matmul(t->query, m->wq + layer * dim * dim, dim, t->normed, dim, dim);
        matmul(key, m->wk + layer * kv * dim, dim, t->normed, kv, dim);
        matmul(value, m->wv + layer * kv * dim, dim, t->normed, kv, dim);
        rope_rotate(t->query, dim, t->cosine, t->sine, head);
        rope_rotate(key, kv, t->cosine, t->sine, head);
        attention(t, keys, values, position);
        matmul(t->branch, m->wo + layer * dim * dim, dim, t->attended, dim, dim);
        add(t->x, t->branch, dim);

        rmsnorm(t->normed, t->x, m->ffn_norm + layer * dim, dim);
        matmul(t->gate, m->w1 + layer * hidden * dim, dim, t->normed, hidden, dim);
        matmul(t->up, m->w3 + layer * hidden * dim, dim, t->normed, hidden, dim);
        swiglu(t->gate, t->up, hidden);
        matmul(t->branch, m->w2 + layer * dim * hidden, hidden, t->gate, dim, hidden);
        add(t->x, t->branch, dim);
    }
    if (!logits) return NULL;

    rmsnorm(t->normed, t->x, m->final_norm, dim);
    matmul(t->logits, m->classifier, dim, t->normed, s.vocab, dim);
    return t->logits;
}
