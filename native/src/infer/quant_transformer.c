// The layers of forward() in run.c, as transformer.c, for `count` tokens at once from a packed
// model. PRECISION_INT8 quantises activations to int8 and multiplies them with the int8 plane.
// PRECISION_FP32 multiplies in fp32 and keeps run.c's order of operations. Keys are stored
// transposed, a column for each position, so that scores of many positions are computed side by
// side.
#include "infer/quant_transformer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/ops_f32.h"

static int64_t round_up_to_group(int64_t n) { return (n + GROUP - 1) / GROUP * GROUP; }

// Hands out slices of one allocation; without memory it only counts bytes.
typedef struct {
    char *memory;
    uint64_t taken;
} Arena;

static void *arena_take(Arena *arena, uint64_t bytes) {
    void *lay_out = arena->memory ? arena->memory + arena->taken : NULL;
    arena->taken += (bytes + 63) / 64 * 64;
    return lay_out;
}

// Point the buffers into `memory`, which may be NULL; returns the bytes they take.
static uint64_t lay_out(QuantTransformer *q, char *memory) {
    ModelConfig s = q->packed->config;
    uint64_t narrow = BATCH * (uint64_t)q->stride * sizeof(float);
    uint64_t wide = BATCH * (uint64_t)q->wide * sizeof(float);
    uint64_t cache = (uint64_t)s.layers * (uint64_t)config_kv_dim(s) * (uint64_t)q->capacity *
                     (q->bf16 ? sizeof(uint16_t) : sizeof(float));
    Arena rest = {memory, 0};
    q->x = arena_take(&rest, narrow);
    q->normed = arena_take(&rest, narrow);
    q->query = arena_take(&rest, narrow);
    q->key = arena_take(&rest, narrow);
    q->value = arena_take(&rest, narrow);
    q->attended = arena_take(&rest, narrow);
    q->branch = arena_take(&rest, narrow);
    q->gate = arena_take(&rest, wide);
    q->up = arena_take(&rest, wide);
    q->scores = arena_take(&rest, (uint64_t)q->capacity * sizeof(float));
    uint64_t longest = (uint64_t)(q->wide > q->stride ? q->wide : q->stride);
    for (int t = 0; t < BATCH; t++) {
        q->quantised[t].value = arena_take(&rest, longest);
        q->quantised[t].scale = arena_take(&rest, longest / GROUP * sizeof(float));
        q->quantised[t].sum = arena_take(&rest, longest / GROUP * sizeof(int32_t));
    }
    q->keys = arena_take(&rest, cache);
    q->values = arena_take(&rest, cache);
    return rest.taken;
}

bool quant_transformer_init(QuantTransformer *q, const Packed *packed, const Simd *simd, bool bf16,
                            int32_t positions, Failure *failure) {
    ModelConfig s = packed->config;
    *q = (QuantTransformer){
        .packed = packed,
        .simd = simd,
        .bf16 = bf16,
        .positions = positions,
        .stride = round_up_to_group(s.dim),
        .wide = round_up_to_group(s.hidden),
        .capacity = round_up_to_group(positions),
    };
    uint64_t bytes = lay_out(q, NULL) + 64;
    // calloc() maps pages lazily: a story that ends early does not take the memory of the whole
    // context.
    q->memory = bytes > SIZE_MAX ? NULL : calloc(1, (size_t)bytes);
    if (!q->memory) {
        return fail(failure, EXIT_UNEXPECTED,
                    "not enough memory for %d tokens of this model (%llu MB); tell fewer with -n",
                    positions, (unsigned long long)(bytes >> 20));
    }
    char *memory = q->memory;
    lay_out(q, memory + (64 - (uintptr_t)memory % 64) % 64);
    return true;
}

void quant_transformer_free(QuantTransformer *q) {
    free(q->memory);
    *q = (QuantTransformer){0};
}

static int64_t cache_at(const QuantTransformer *q, int32_t layer, int32_t head) {
    ModelConfig s = q->packed->config;
    return ((int64_t)layer * s.kv_heads + head) * (s.dim / s.heads) * q->capacity;
}

// Store the key and value of vector `t` in the KV cache.
static void cache_kv(QuantTransformer *q, int32_t layer, int32_t t, int32_t position) {
    ModelConfig s = q->packed->config;
    int32_t size = s.dim / s.heads;
    for (int32_t head = 0; head < s.kv_heads; head++) {
        const float *key = q->key + t * q->stride + head * size;
        const float *value = q->value + t * q->stride + head * size;
        int64_t at = cache_at(q, layer, head);
        if (q->bf16) {
            uint16_t *keys = (uint16_t *)q->keys + at + position;
            uint16_t *values = (uint16_t *)q->values + at + (int64_t)position * size;
            for (int32_t i = 0; i < size; i++) keys[i * q->capacity] = bf16_of_f32(key[i]);
            for (int32_t i = 0; i < size; i++) values[i] = bf16_of_f32(value[i]);
        } else {
            float *keys = (float *)q->keys + at + position;
            float *values = (float *)q->values + at + (int64_t)position * size;
            for (int32_t i = 0; i < size; i++) keys[i * q->capacity] = key[i];
            memcpy(values, value, (size_t)size * sizeof *values);
        }
    }
}

// attended (dim) of vector `t` = softmax(query . keys / sqrt(head)) . values over positions 0 to
// `position`, for each head.
static void attention(QuantTransformer *q, Precision precision, int32_t layer, int32_t t,
                      int32_t position) {
    const Simd *simd = q->simd;
    ModelConfig s = q->packed->config;
    int32_t size = s.dim / s.heads, sharing = s.heads / s.kv_heads, n = position + 1;
    float root = sqrtf((float)size), scale = 1.0f / root;
    for (int32_t head = 0; head < s.heads; head++) {
        const float *query = q->query + t * q->stride + head * size;
        float *attended = q->attended + t * q->stride + head * size;
        int64_t at = cache_at(q, layer, head / sharing);
        if (q->bf16) {
            simd->scores_bf16(q->scores, (uint16_t *)q->keys + at, q->capacity, query, size, n);
            simd->softmax(q->scores, scale, n);
            simd->weighted_sum_bf16(attended, (uint16_t *)q->values + at, size, q->scores, size, n);
        } else {
            simd->scores(q->scores, (float *)q->keys + at, q->capacity, query, size, n);
            if (precision == PRECISION_FP32) {
                for (int32_t i = 0; i < n; i++) q->scores[i] /= root;
                softmax(q->scores, n);
            } else {
                simd->softmax(q->scores, scale, n);
            }
            simd->weighted_sum(attended, (float *)q->values + at, size, q->scores, size, n);
        }
    }
}

// One layer over a batch of `count` tokens.
typedef struct {
    Precision precision;
    int32_t count, layer;
} Pass;

static const IntMatrix *matrix_of(const QuantTransformer *q, Pass pass, LayerMatrix kind) {
    return &q->packed->matrices[pass.layer * LAYER_MATRICES + (int32_t)kind];
}

static int64_t input_stride(const QuantTransformer *q, LayerMatrix kind) {
    return kind == MATRIX_DOWN ? q->wide : q->stride;
}

static int64_t output_stride(const QuantTransformer *q, LayerMatrix kind) {
    return kind == MATRIX_GATE || kind == MATRIX_UP ? q->wide : q->stride;
}

// Quantise x (count, input_stride), the input of `kind` and of all matrices that share it.
static void quantise_inputs(QuantTransformer *q, Pass pass, LayerMatrix kind, const float *x) {
    if (pass.precision == PRECISION_FP32) return;
    int64_t stride = input_stride(q, kind);
    int32_t columns = matrix_of(q, pass, kind)->columns;
    for (int32_t t = 0; t < pass.count; t++) {
        q->simd->quantise(&q->quantised[t], x + t * stride, columns);
    }
}

// out (count, output_stride) = the layer's matrix `kind` @ x (count, input_stride).
// quantise_inputs() must have seen x.
static void layer_matmul(QuantTransformer *q, Pass pass, LayerMatrix kind, float *out,
                         const float *x) {
    const IntMatrix *m = matrix_of(q, pass, kind);
    int64_t stride = output_stride(q, kind);
    if (pass.precision == PRECISION_FP32) {
        q->bytes += matmul_exact_bytes(m);
        matmul_exact(q->simd, out, stride, m, x, input_stride(q, kind), pass.count);
    } else {
        q->bytes += matmul_int8_bytes(m);
        q->simd->matmul_int8(out, stride, m, q->quantised, pass.count);
    }
}

static void add(float *x, const float *branch, int64_t n) {
    for (int64_t i = 0; i < n; i++) x[i] += branch[i];
}

static void rmsnorm_batch(QuantTransformer *q, const float *weight, int32_t count) {
    for (int32_t t = 0; t < count; t++) {
        rmsnorm(q->normed + t * q->stride, q->x + t * q->stride, weight, q->packed->config.dim);
    }
}

static bool embed(QuantTransformer *q, const int32_t *tokens, int32_t count, Failure *failure) {
    const Packed *p = q->packed;
    size_t size = (size_t)p->config.dim * sizeof(float);
    const Section *rows = &p->sections[SECTION_EMBEDDING];
    for (int32_t t = 0; t < count; t++) {
        float *x = q->x + t * q->stride;
        bool own = p->tied && q->bf16;  // mode fast has no fp32 rows then
        const void *row =
            own ? NULL : file_view_read(&rows->view, (uint64_t)p->slots[tokens[t]] * size, size, x);
        if (own ? !lm_head_row(&p->head, tokens[t], x) : !row) {
            return fail(
                failure, EXIT_UNEXPECTED,
                "the model's file can no longer be read; check the card, or fetch it again");
        }
        if (row && row != x) memcpy(x, row, size);
    }
    return true;
}

bool quant_transformer_forward(QuantTransformer *q, Precision precision, const int32_t *tokens,
                               int32_t count, int32_t position, Failure *failure) {
    const Packed *p = q->packed;
    ModelConfig s = p->config;
    int64_t stride = q->stride;
    int32_t kv = config_kv_dim(s), head = s.dim / s.heads;
    if (!embed(q, tokens, count, failure)) return false;

    for (int32_t layer = 0; layer < s.layers; layer++) {
        Pass pass = {precision, count, layer};
        rmsnorm_batch(q, p->attention_norm + (int64_t)layer * s.dim, count);
        quantise_inputs(q, pass, MATRIX_Q, q->normed);
        layer_matmul(q, pass, MATRIX_Q, q->query, q->normed);
        layer_matmul(q, pass, MATRIX_K, q->key, q->normed);
        layer_matmul(q, pass, MATRIX_V, q->value, q->normed);
        for (int32_t t = 0; t < count; t++) {
            const float *cosine = p->cosine + (position + t) * (head / 2);
            const float *sine = p->sine + (position + t) * (head / 2);
            rope_rotate(q->query + t * stride, s.dim, cosine, sine, head);
            rope_rotate(q->key + t * stride, kv, cosine, sine, head);
            cache_kv(q, layer, t, position + t);
        }
        for (int32_t t = 0; t < count; t++) attention(q, precision, layer, t, position + t);
        quantise_inputs(q, pass, MATRIX_O, q->attended);
        layer_matmul(q, pass, MATRIX_O, q->branch, q->attended);
        add(q->x, q->branch, count * stride);

        rmsnorm_batch(q, p->ffn_norm + (int64_t)layer * s.dim, count);
        quantise_inputs(q, pass, MATRIX_GATE, q->normed);
        layer_matmul(q, pass, MATRIX_GATE, q->gate, q->normed);
        layer_matmul(q, pass, MATRIX_UP, q->up, q->normed);
        for (int32_t t = 0; t < count; t++) {
            float *gate = q->gate + t * q->wide, *up = q->up + t * q->wide;
            if (precision == PRECISION_FP32) swiglu(gate, up, s.hidden);
            else q->simd->swiglu(gate, up, s.hidden);
        }
        quantise_inputs(q, pass, MATRIX_DOWN, q->gate);
        layer_matmul(q, pass, MATRIX_DOWN, q->branch, q->gate);
        add(q->x, q->branch, count * stride);
    }
    rmsnorm_batch(q, p->final_norm, count);
    return true;
}
