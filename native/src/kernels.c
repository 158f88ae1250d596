#include "kernels.h"

#include <math.h>

// Independent sums, so that the adds do not wait for each other and the compiler can keep them in
// vector registers. llama2.c has one sum; its own ids are the same when -Ofast makes many of it,
// and ours are held to its ids by tests. The number is fixed, not the machine's vector width:
// every machine adds in the same order and tells the same story.
enum { LANES = 16 };

float dot(const float *a, const float *b, int32_t n) {
    float lane[LANES] = {0};
    int32_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int k = 0; k < LANES; k++) lane[k] += a[i + k] * b[i + k];
    }
    for (int k = 0; i < n; i++, k++) lane[k] += a[i] * b[i];
    for (int half = LANES / 2; half > 0; half /= 2) {
        for (int k = 0; k < half; k++) lane[k] += lane[k + half];
    }
    return lane[0];
}

void matmul(float *out, const float *w, const float *x, int32_t rows, int32_t columns) {
    for (int32_t row = 0; row < rows; row++) {
        out[row] = dot(w + (int64_t)row * columns, x, columns);
    }
}

void rmsnorm(float *out, const float *x, const float *weight, int32_t n) {
    float scale = 1.0f / sqrtf(dot(x, x, n) / (float)n + 1e-5f);
    for (int32_t i = 0; i < n; i++) out[i] = weight[i] * (scale * x[i]);
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
