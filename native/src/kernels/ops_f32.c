// Mirrors rmsnorm(), softmax(), matmul() and the RoPE and SwiGLU loops of llama2.c's run.c, bit for
// bit. matmul() takes sixteen rows in parallel with gcc's portable 128-bit vectors.
#include "kernels/ops_f32.h"

#include <math.h>
#include <string.h>

#if defined(__riscv_vector)
#include <riscv_vector.h>

// Loads a column of sixteen rows at a stride: shuffles cost the C906 more.
void matmul(float *out, const float *w, int64_t stride, const float *x, int32_t rows,
            int32_t columns) {
    for (int32_t row = 0; row < rows; row += 16) {
        size_t lanes = (size_t)(rows - row < 16 ? rows - row : 16);
        const float *column = w + row * stride;
        vfloat32m4_t sum = __riscv_vfmv_v_f_f32m4(0.0f, lanes);
        for (int32_t j = 0; j < columns; j++, column++) {
            vfloat32m4_t products = __riscv_vlse32_v_f32m4(column, stride * 4, lanes);
            products = __riscv_vfmul(products, x[j], lanes);
            sum = __riscv_vfadd(sum, products, lanes);
        }
        __riscv_vse32(out + row, sum, lanes);
    }
}
#else
// Four neighbouring floats; a vector register on any machine that has them.
typedef float Four __attribute__((vector_size(16)));

// Elements of a (0-3) and b (4-7) in the given order. gcc has __builtin_shufflevector since version
// 12; clang lacks __builtin_shuffle.
#if defined(__clang__)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int32_t Order __attribute__((vector_size(16)));
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (Order){__VA_ARGS__})
#endif

static Four load(const float *p) {
    Four v;
    memcpy(&v, p, sizeof v);
    return v;
}

// sums[i] = w[i] . x for 4 * `fours` rows that are `stride` apart. Each row is summed from its
// first column to its last, as llama2.c does: the result is equal bit for bit. Rows are
// summed in parallel, not parts of one sum; blocks of 4 x 4 are transposed for that.
static inline void dot_rows(Four *sums, const float *w, int64_t stride, const float *x,
                            int32_t columns, int fours) {
    int32_t j = 0;
    for (; j + 4 <= columns; j += 4) {
        for (int f = 0; f < fours; f++) {
            const float *p = w + 4 * f * stride + j;
            Four a = load(p), b = load(p + stride), c = load(p + 2 * stride),
                 d = load(p + 3 * stride);
            Four ab_low = SHUFFLE(a, b, 0, 4, 1, 5);
            Four ab_high = SHUFFLE(a, b, 2, 6, 3, 7);
            Four cd_low = SHUFFLE(c, d, 0, 4, 1, 5);
            Four cd_high = SHUFFLE(c, d, 2, 6, 3, 7);
            sums[f] += SHUFFLE(ab_low, cd_low, 0, 1, 4, 5) * x[j];
            sums[f] += SHUFFLE(ab_low, cd_low, 2, 3, 6, 7) * x[j + 1];
            sums[f] += SHUFFLE(ab_high, cd_high, 0, 1, 4, 5) * x[j + 2];
            sums[f] += SHUFFLE(ab_high, cd_high, 2, 3, 6, 7) * x[j + 3];
        }
    }
    for (; j < columns; j++) {
        for (int f = 0; f < fours; f++) {
            const float *p = w + 4 * f * stride + j;
            sums[f] += (Four){p[0], p[stride], p[2 * stride], p[3 * stride]} * x[j];
        }
    }
}

void matmul(float *out, const float *w, int64_t stride, const float *x, int32_t rows,
            int32_t columns) {
    int32_t row = 0;
    for (; row + 16 <= rows; row += 16) {
        Four sums[4] = {0};
        dot_rows(sums, w + row * stride, stride, x, columns, 4);
        memcpy(out + row, sums, sizeof sums);
    }
    for (; row + 4 <= rows; row += 4) {
        Four sum = {0};
        dot_rows(&sum, w + row * stride, stride, x, columns, 1);
        memcpy(out + row, &sum, sizeof sum);
    }
    for (; row < rows; row++) {
        float sum = 0.0f;
        for (int32_t j = 0; j < columns; j++) sum += w[row * stride + j] * x[j];
        out[row] = sum;
    }
}
#endif

void rmsnorm(float *out, const float *x, const float *weight, int32_t n) {
    float squares = 0.0f;
    for (int32_t i = 0; i < n; i++) squares += x[i] * x[i];
    float scale = 1.0f / sqrtf(squares / (float)n + 1e-5f);
    for (int32_t i = 0; i < n; i++) out[i] = weight[i] * (scale * x[i]);
}

void rope_table(float *cosine, float *sine, int32_t position, int32_t head) {
    for (int32_t i = 0; i < head / 2; i++) {
        float frequency = 1.0f / powf(10000.0f, (float)(2 * i) / (float)head);
        float angle = (float)position * frequency;
        cosine[i] = cosf(angle);
        sine[i] = sinf(angle);
    }
}

void rope_rotate(float *x, int32_t n, const float *cosine, const float *sine, int32_t head) {
    for (int32_t start = 0; start < n; start += head) {
        for (int32_t i = 0; i < head / 2; i++) {
            float *pair = x + start + 2 * i, a = pair[0], b = pair[1];
            pair[0] = a * cosine[i] - b * sine[i];
            pair[1] = a * sine[i] + b * cosine[i];
        }
    }
}

void softmax(float *x, int32_t n) {
    float max = x[0];
    for (int32_t i = 1; i < n; i++) {
        if (x[i] > max) max = x[i];
    }
    float sum = 0.0f;
    for (int32_t i = 0; i < n; i++) {
        x[i] = expf(x[i] - max);
        sum += x[i];
    }
    for (int32_t i = 0; i < n; i++) x[i] /= sum;
}

void swiglu(float *gate, const float *up, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        gate[i] = gate[i] * (1.0f / (1.0f + expf(-gate[i]))) * up[i];
    }
}
