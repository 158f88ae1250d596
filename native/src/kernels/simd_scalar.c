// Portable C kernels: any processor. They define what the others must compute.
#include <math.h>
#include <string.h>

#include "kernels/simd.h"

static void quantise(QuantizedVector *to, const float *x, int32_t n) {
    for (int32_t group = 0; group < groups_of(n); group++) {
        int32_t start = group * GROUP, width = n - start < GROUP ? n - start : GROUP;
        float most = 0.0f;
        for (int32_t i = 0; i < width; i++) most = fmaxf(most, fabsf(x[start + i]));
        float steps = most > 0.0f ? 127.0f / most : 0.0f;
        if (!isfinite(steps)) steps = 0.0f;
        int32_t sum = 0;
        for (int32_t i = 0; i < GROUP; i++) {
            int32_t value = i < width ? (int32_t)lrintf(x[start + i] * steps) : 0;
            to->value[start + i] = (int8_t)value;
            sum += value;
        }
        to->scale[group] = most / 127.0f;
        to->sum[group] = sum;
    }
}

static void matmul_int8(float *out, int64_t stride, const IntMatrix *w, const QuantizedVector *x,
                        int32_t count) {
    for (int32_t tile = 0; tile < w->tiles; tile++) {
        const float *scale = w->scale + tile * TILE;
        for (int32_t t = 0; t < count; t++) {
            float total[TILE] = {0};
            for (int32_t group = 0; group < w->groups; group++) {
                int64_t block = (int64_t)tile * w->groups + group;
                const int8_t *high = w->high + block * GROUP * TILE;
                const int8_t *value = x[t].value + group * GROUP;
                int32_t sum[TILE] = {0};
                for (int32_t i = 0; i < GROUP; i++) {
                    for (int32_t lane = 0; lane < TILE; lane++) {
                        sum[lane] += high[i * TILE + lane] * value[i];
                    }
                }
                const uint8_t *multiplier = w->multiplier + block * TILE;
                for (int32_t lane = 0; lane < TILE; lane++) {
                    total[lane] += (float)(sum[lane] * multiplier[lane]) * x[t].scale[group];
                }
            }
            for (int32_t lane = 0; lane < TILE; lane++) {
                out[t * stride + tile * TILE + lane] = total[lane] * scale[lane];
            }
        }
    }
}

static void accumulate(float *sums, const float *plain, const float *x, int64_t x_stride,
                       int32_t count) {
    for (int32_t t = 0; t < count; t++) {
        for (int32_t i = 0; i < GROUP; i++) {
            float v = x[t * x_stride + i];
            for (int32_t lane = 0; lane < TILE; lane++) {
                sums[t * TILE + lane] += plain[i * TILE + lane] * v;
            }
        }
    }
}

static void matmul_int4(float *out, int64_t stride, const uint8_t *coarse, int32_t tiles,
                        int32_t groups, const QuantizedVector *x, int32_t count) {
    for (int32_t tile = 0; tile < tiles; tile++) {
        for (int32_t t = 0; t < count; t++) {
            float total[TILE] = {0};
            for (int32_t group = 0; group < groups; group++) {
                const uint8_t *byte =
                    coarse + ((int64_t)tile * groups + group) * (GROUP / 2) * TILE;
                const int8_t *value = x[t].value + group * GROUP;
                int32_t sum[TILE] = {0};
                for (int32_t i = 0; i < GROUP; i += 2, byte += TILE) {
                    for (int32_t lane = 0; lane < TILE; lane++) {
                        sum[lane] +=
                            (byte[lane] & 15) * value[i] + (byte[lane] >> 4) * value[i + 1];
                    }
                }
                for (int32_t lane = 0; lane < TILE; lane++) {
                    total[lane] += (float)(sum[lane] - 8 * x[t].sum[group]) * x[t].scale[group];
                }
            }
            memcpy(out + t * stride + tile * TILE, total, sizeof total);
        }
    }
}

static float dot_int4(const uint8_t *row, int32_t groups, const QuantizedVector *x) {
    float total = 0.0f;
    for (int32_t group = 0; group < groups; group++, row += GROUP / 2) {
        const int8_t *value = x->value + group * GROUP;
        int32_t sum = -8 * x->sum[group];
        for (int32_t i = 0; i < GROUP / 2; i++) {
            sum += (row[i] & 15) * value[i] + (row[i] >> 4) * value[i + GROUP / 2];
        }
        total += (float)sum * x->scale[group];
    }
    return total;
}

static float dot(const float *a, const float *b, int32_t n) {
    float total = 0.0f;
    for (int32_t i = 0; i < n; i++) total += a[i] * b[i];
    return total;
}

static void scores(float *out, const float *keys, int64_t stride, const float *query, int32_t size,
                   int32_t n) {
    memset(out, 0, (size_t)n * sizeof *out);
    for (int32_t i = 0; i < size; i++) {
        for (int32_t p = 0; p < n; p++) out[p] += query[i] * keys[i * stride + p];
    }
}

static void scores_bf16(float *out, const uint16_t *keys, int64_t stride, const float *query,
                        int32_t size, int32_t n) {
    memset(out, 0, (size_t)n * sizeof *out);
    for (int32_t i = 0; i < size; i++) {
        for (int32_t p = 0; p < n; p++) out[p] += query[i] * f32_of_bf16(keys[i * stride + p]);
    }
}

static void weighted_sum(float *out, const float *values, int64_t stride, const float *weights,
                         int32_t size, int32_t n) {
    memset(out, 0, (size_t)size * sizeof *out);
    for (int32_t p = 0; p < n; p++) {
        for (int32_t i = 0; i < size; i++) out[i] += weights[p] * values[p * stride + i];
    }
}

static void weighted_sum_bf16(float *out, const uint16_t *values, int64_t stride,
                              const float *weights, int32_t size, int32_t n) {
    memset(out, 0, (size_t)size * sizeof *out);
    for (int32_t p = 0; p < n; p++) {
        for (int32_t i = 0; i < size; i++) {
            out[i] += weights[p] * f32_of_bf16(values[p * stride + i]);
        }
    }
}

static void softmax(float *x, float scale, int32_t n) {
    float most = -INFINITY, sum = 0.0f;
    for (int32_t i = 0; i < n; i++) most = fmaxf(most, x[i]);
    for (int32_t i = 0; i < n; i++) {
        x[i] = expf((x[i] - most) * scale);
        sum += x[i];
    }
    for (int32_t i = 0; i < n; i++) x[i] /= sum;
}

static void swiglu(float *gate, const float *up, int32_t n) {
    for (int32_t i = 0; i < n; i++) gate[i] = gate[i] / (1.0f + expf(-gate[i])) * up[i];
}

// The last tile may have fewer than TILE.
float simd_bounds(float *value, float *upper, float *peak, const Bounds *by, int32_t n) {
    float most = -INFINITY;
    for (int32_t start = 0; start < n; start += TILE) {
        int32_t count = n - start < TILE ? n - start : TILE;
        float highest[TILE], lowest[TILE], base = by->base[by->base_of[start / TILE]];
        for (int32_t k = 0; k < TILE; k++) highest[k] = lowest[k] = -INFINITY;
        for (int32_t k = 0; k < count; k++) {
            float wide = by->error[start + k] * by->length + by->rounding;
            float middle = by->times * by->scale[start + k] * value[start + k] + base;
            value[start + k] = middle;
            upper[start + k] = highest[k] = middle + wide;
            lowest[k] = middle - wide;
        }
        // in halves, which any compiler makes vectors of
        for (int32_t half = TILE / 2; half > 0; half /= 2) {
            for (int32_t k = 0; k < half; k++) {
                highest[k] = highest[k + half] > highest[k] ? highest[k + half] : highest[k];
                lowest[k] = lowest[k + half] > lowest[k] ? lowest[k + half] : lowest[k];
            }
        }
        peak[start / TILE] = highest[0];
        most = lowest[0] > most ? lowest[0] : most;
    }
    return most;
}

static float sum_exp(const float *x, float most, float scale, int32_t n) {
    double sum = 0.0;
    for (int32_t i = 0; i < n; i++) {
        float exponent = (x[i] - most) * scale;
        // e^-30 of them all are less than what this may be off
        if (exponent > -30.0f) sum += (double)expf(exponent);
    }
    return (float)sum;
}

const Simd simd_scalar = {
    .name = "scalar",
    .quantise = quantise,
    .matmul_int8 = matmul_int8,
    .accumulate = accumulate,
    .matmul_int4 = matmul_int4,
    .dot_int4 = dot_int4,
    .dot = dot,
    .scores = scores,
    .scores_bf16 = scores_bf16,
    .weighted_sum = weighted_sum,
    .weighted_sum_bf16 = weighted_sum_bf16,
    .softmax = softmax,
    .swiglu = swiglu,
    .bounds = simd_bounds,
    .sum_exp = sum_exp,
};
