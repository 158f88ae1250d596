// The kernels of every set that runs here, for test_simd.py: what they make of random data and of
// data that means harm, beside the same sums in double. Prints "SET KERNEL ERROR", the largest
// error in relation to the sum of the terms' magnitudes. Every array ends where its memory ends,
// so that ASan sees a step too far.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/ops_f32.h"
#include "kernels/simd.h"

enum { TRIALS = 60, MAX_COUNT = 9, KINDS = 7 };

static uint64_t state = 1;

static uint32_t random_bits(void) {  // xorshift*
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)(state * 0x2545f4914f6cdd1dull >> 32);
}
static int32_t between(int32_t least, int32_t most) {
    return least + (int32_t)(random_bits() % (uint32_t)(most - least + 1));
}
static float uniform(void) { return (float)between(-1000000, 1000000) / 1000000.0f; }

static void *get(size_t size) {
    void *p = malloc(size);
    if (!p) exit(3);
    memset(p, 0xff, size);  // NaN, where they are floats
    return p;
}

// One of KINDS: ordinary, constant, alternating, zero, huge, tiny, one large among small.
static float *numbers(int32_t n, int32_t kind) {
    float *x = get((size_t)n * sizeof *x);
    for (int32_t i = 0; i < n; i++) {
        float r = uniform();
        float sign = i % 2 ? 1.0f : -1.0f;
        float of_kind[KINDS] = {r, 1.0f, sign, 0.0f, r * 1e27f, r * 1e-25f, r * 1e-3f};
        x[i] = of_kind[kind];
    }
    if (kind == KINDS - 1) x[between(0, n - 1)] = 1000.0f;
    return x;
}

static const Simd *set;
static double worst;

// The error of `is` where it should be `exact`, and the terms' magnitudes add up to `terms`.
static void compare(double is, double exact, double terms) {
    double error = fabs(is - exact) / (terms + 1e-30);
    if (error > worst || isnan(error)) worst = error;
}

static void report(const char *kernel) {
    printf("%s %s %.2g\n", set->name, kernel, worst);
    worst = 0.0;
}

static void must(int holds, const char *what) {
    if (holds) return;
    printf("%s: %s\n", set->name, what);
    exit(1);
}

// As many activations as `count`, each of its own kind, with room for nothing else.
static QuantizedVector *activations(const Simd *by, int32_t columns, int32_t count, int32_t kind) {
    QuantizedVector *x = get((size_t)count * sizeof *x);
    size_t groups = (size_t)groups_of(columns);
    for (int32_t t = 0; t < count; t++) {
        float *from = numbers(columns, (kind + t) % KINDS);
        x[t].value = get(groups * GROUP);
        x[t].scale = get(groups * sizeof(float));
        x[t].sum = get(groups * sizeof(int32_t));
        by->quantise(&x[t], from, columns);
        free(from);
    }
    return x;
}

static void free_activations(QuantizedVector *x, int32_t count) {
    for (int32_t t = 0; t < count; t++) {
        free(x[t].value);
        free(x[t].scale);
        free(x[t].sum);
    }
    free(x);
}

// An int8 plane with no rhyme, or with the largest weights of either sign.
static IntMatrix matrix(int32_t rows, int32_t columns, int32_t kind) {
    size_t blocks = (size_t)blocks_of(rows, columns), lanes = (size_t)tiles_of(rows) * TILE;
    int8_t *high = get(blocks * BLOCK);
    uint8_t *multiplier = get(blocks * TILE);
    float *scale = get(lanes * sizeof *scale);
    for (size_t i = 0; i < blocks * TILE; i++) {
        multiplier[i] = (uint8_t)(kind == 2 ? 255 : between(1, 255));
    }
    for (size_t i = 0; i < blocks * BLOCK; i++) {
        int32_t sign = kind == 1 || random_bits() & 1 ? 1 : -1;
        high[i] = (int8_t)(kind == 0 || kind == 3 ? between(-127, 127) : sign * 127);
    }
    for (size_t i = 0; i < lanes; i++) scale[i] = (1.5f + uniform()) * 1e-4f;
    return (IntMatrix){
        .rows = rows,
        .columns = columns,
        .tiles = tiles_of(rows),
        .groups = groups_of(columns),
        .high = high,
        .multiplier = multiplier,
        .scale = scale,
    };
}

static void free_matrix(IntMatrix m) {
    free((void *)(uintptr_t)m.high);
    free((void *)(uintptr_t)m.multiplier);
    free((void *)(uintptr_t)m.scale);
}

// out (count, stride), where only `rows` of each stride may be written.
static void must_be_whole(const float *out, int64_t stride, int32_t rows, int32_t count) {
    for (int32_t t = 0; t + 1 < count; t++) {
        for (int64_t i = rows; i < stride; i++) {
            must(isnan(out[t * stride + i]), "a kernel wrote between its vectors");
        }
    }
}

static void check_matmul_int8(void) {
    for (int32_t trial = 0; trial < TRIALS; trial++) {
        int32_t count = trial % MAX_COUNT + 1, kind = trial % KINDS;
        int32_t columns = between(1, trial % 3 ? 100 : 800);
        IntMatrix w = matrix(between(1, 100), columns, trial % 4);
        int32_t rows = w.tiles * TILE;
        int64_t stride = rows + between(0, 9);
        float *out = get((size_t)((count - 1) * stride + rows) * sizeof *out);
        QuantizedVector *a = activations(&simd_scalar, columns, count, kind);
        set->matmul_int8(out, stride, &w, a, count);
        must_be_whole(out, stride, rows, count);
        for (int32_t t = 0; t < count; t++) {
            for (int32_t row = 0; row < rows; row++) {
                double exact = 0.0, terms = 0.0;
                for (int32_t i = 0; i < w.groups * GROUP; i++) {
                    int64_t block = (int64_t)(row / TILE) * w.groups + i / GROUP;
                    int64_t at = (block * GROUP + i % GROUP) * TILE + row % TILE;
                    double v = (double)a[t].scale[i / GROUP] * a[t].value[i];
                    double step = (double)w.scale[row] * w.multiplier[block * TILE + row % TILE];
                    double term = w.high[at] * step * v;
                    exact += term;
                    terms += fabs(term);
                }
                compare((double)out[t * stride + row], exact, terms);
            }
        }
        free_activations(a, count);
        free(out);
        free_matrix(w);
    }
    report("matmul_int8");
}

// What is exact is that of plain C to the bit.
static void must_be_plain(const float *is, const float *should, int64_t n, const char *what) {
    must(memcmp(is, should, (size_t)n * sizeof *is) == 0, what);
}

static void check_accumulate(void) {
    for (int32_t trial = 0; trial < TRIALS; trial++) {
        int32_t count = trial % 16 + 1;
        int64_t x_stride = GROUP + between(0, 9), room = (count - 1) * x_stride + GROUP;
        float *plain = numbers(BLOCK, trial % 4 == 3 ? 6 : 0), *x = numbers((int32_t)room, 0);
        float *is = numbers(count * TILE, 0), *should = get((size_t)count * TILE * sizeof *should);
        memcpy(should, is, (size_t)count * TILE * sizeof *should);
        set->accumulate(is, plain, x, x_stride, count);
        simd_scalar.accumulate(should, plain, x, x_stride, count);
        must_be_plain(is, should, count * TILE, "adds in another order");
        free(plain);
        free(x);
        free(is);
        free(should);
    }
    report("accumulate");
}

static int32_t nibble_of(uint8_t byte, int32_t upper) {
    return (upper ? byte >> 4 : byte & 15) - 8;
}

static uint8_t *nibbles(size_t n, int32_t kind) {
    uint8_t *bytes = get(n);
    for (size_t i = 0; i < n; i++) {
        uint8_t of_kind[4] = {(uint8_t)random_bits(), 0x00, 0xff, 0x88};
        bytes[i] = of_kind[kind];
    }
    return bytes;
}

static void check_matmul_int4(void) {
    for (int32_t trial = 0; trial < TRIALS; trial++) {
        int32_t count = trial % MAX_COUNT + 1, tiles = between(1, 4);
        int32_t columns = between(1, trial % 3 ? 100 : 800), groups = groups_of(columns);
        int32_t rows = tiles * TILE;
        int64_t stride = rows + between(0, 9);
        uint8_t *coarse = nibbles((size_t)(tiles * groups) * 16 * TILE, trial % 4);
        QuantizedVector *a = activations(&simd_scalar, columns, count, trial % KINDS);
        float *out = get((size_t)((count - 1) * stride + rows) * sizeof *out);

        set->matmul_int4(out, stride, coarse, tiles, groups, a, count);
        must_be_whole(out, stride, rows, count);
        for (int32_t t = 0; t < count; t++) {
            for (int32_t row = 0; row < rows; row++) {
                double exact = 0.0, terms = 0.0;
                for (int32_t i = 0; i < groups * GROUP; i++) {
                    int64_t at = ((int64_t)(row / TILE) * groups * 16 + i / 2) * TILE + row % TILE;
                    double v = (double)a[t].scale[i / GROUP] * a[t].value[i];
                    exact += nibble_of(coarse[at], i % 2) * v;
                    terms += fabs(nibble_of(coarse[at], i % 2) * v);
                }
                compare((double)out[t * stride + row], exact, terms);
            }
        }
        free(out);
        free_activations(a, count);
        free(coarse);
    }
    report("matmul_int4");
}

static void check_dot_int4(void) {
    for (int32_t trial = 0; trial < TRIALS; trial++) {
        int32_t columns = between(1, 800), groups = groups_of(columns);
        uint8_t *row = nibbles((size_t)groups * 16, trial % 4);
        QuantizedVector *a = activations(&simd_scalar, columns, 1, trial % KINDS);
        double exact = 0.0, terms = 0.0;
        for (int32_t i = 0; i < groups * GROUP; i++) {
            double v = (double)a->scale[i / GROUP] * a->value[i];
            int32_t q = nibble_of(row[i / GROUP * 16 + i % 16], i % GROUP / 16);
            exact += q * v;
            terms += fabs(q * v);
        }
        compare((double)set->dot_int4(row, groups, a), exact, terms);
        free_activations(a, 1);
        free(row);
    }
    report("dot_int4");
}

// The integers are those of plain C, to the last one.
static void check_quantise(void) {
    for (int32_t trial = 0; trial < 10 * TRIALS; trial++) {
        int32_t columns = between(1, trial % 3 ? 100 : 800), groups = groups_of(columns);
        uint64_t before = state;
        QuantizedVector *is = activations(set, columns, 1, trial % KINDS);
        state = before;
        QuantizedVector *should = activations(&simd_scalar, columns, 1, trial % KINDS);
        size_t group_bytes = (size_t)groups * sizeof(float);
        must(memcmp(is->value, should->value, (size_t)groups * GROUP) == 0, "other values");
        must(memcmp(is->sum, should->sum, group_bytes) == 0, "other sums");
        must(memcmp(is->scale, should->scale, group_bytes) == 0, "other scales");
        free_activations(is, 1);
        free_activations(should, 1);
    }
    report("quantise");
}

static void check_dot(void) {
    for (int32_t trial = 0; trial < 5 * TRIALS; trial++) {
        int32_t n = trial < 100 ? trial + 1 : between(1, 800);
        float *a = numbers(n, trial % KINDS), *b = numbers(n, 0);
        double exact = 0.0, terms = 0.0;
        for (int32_t i = 0; i < n; i++) {
            exact += (double)a[i] * (double)b[i];
            terms += fabs((double)a[i] * (double)b[i]);
        }
        compare((double)set->dot(a, b, n), exact, terms);
        free(a);
        free(b);
    }
    report("dot");
}

// scores and weighted_sum are both weights (rows) @ m (rows, stride); one has few rows, one few
// columns.
static void check_rows(int is_weighted_sum, int is_bf16) {
    for (int32_t trial = 0; trial < 5 * TRIALS; trial++) {
        int32_t size = trial % 2 ? between(8, 64) : between(1, 8) * 8;
        int32_t n = trial < 100 ? trial + 1 : between(1, 300);
        int32_t rows = is_weighted_sum ? n : size, columns = is_weighted_sum ? size : n;
        int64_t stride = columns + between(0, 9);
        int32_t last = (int32_t)((rows - 1) * stride) + columns;
        float *weights = numbers(rows, trial % KINDS), *m = numbers(last, trial % 3);
        uint16_t *half = get((size_t)last * sizeof *half);
        for (int32_t i = 0; i < last; i++) {
            half[i] = bf16_of_f32(m[i]);
            if (is_bf16) m[i] = f32_of_bf16(half[i]);
        }
        float *out = get((size_t)columns * sizeof *out);
        if (is_weighted_sum && is_bf16) set->weighted_sum_bf16(out, half, stride, weights, size, n);
        if (is_weighted_sum && !is_bf16) set->weighted_sum(out, m, stride, weights, size, n);
        if (!is_weighted_sum && is_bf16) set->scores_bf16(out, half, stride, weights, size, n);
        if (!is_weighted_sum && !is_bf16) set->scores(out, m, stride, weights, size, n);
        if (!is_bf16) {
            float *should = get((size_t)columns * sizeof *should);
            (is_weighted_sum ? simd_scalar.weighted_sum : simd_scalar.scores)(should, m, stride,
                                                                              weights, size, n);
            must_be_plain(out, should, columns,
                          is_weighted_sum ? "mixes in another order" : "other scores");
            free(should);
        }
        for (int32_t j = 0; j < columns; j++) {
            double exact = 0.0, terms = 0.0;
            for (int32_t i = 0; i < rows; i++) {
                exact += (double)weights[i] * (double)m[i * stride + j];
                terms += fabs((double)weights[i] * (double)m[i * stride + j]);
            }
            compare((double)out[j], exact, terms);
        }
        free(out);
        free(half);
        free(m);
        free(weights);
    }
    const char *names[2][2] = {{"scores", "scores_bf16"}, {"weighted_sum", "weighted_sum_bf16"}};
    report(names[is_weighted_sum][is_bf16]);
}

static void check_softmax(void) {
    for (int32_t trial = 0; trial < 5 * TRIALS; trial++) {
        int32_t n = trial < 100 ? trial + 1 : between(1, 300);
        float scale = trial % 5 ? 0.14433757f : 1.0f, most = -INFINITY;
        float *x = numbers(n, trial % KINDS);
        double *exact = get((size_t)n * sizeof *exact), sum = 0.0;
        for (int32_t i = 0; i < n; i++) {
            if (trial % KINDS == 0) x[i] *= 150.0f;
            if (i > 0 && trial % 11 == 0 && i % 3 == 0) x[i] = -INFINITY;
            most = fmaxf(most, x[i]);
        }
        for (int32_t i = 0; i < n; i++) {
            exact[i] = exp((double)((x[i] - most) * scale));
            sum += exact[i];
        }
        set->softmax(x, scale, n);
        // what is too small for a float may be 0
        for (int32_t i = 0; i < n; i++) compare((double)x[i], exact[i] / sum, exact[i] / sum);
        free(exact);
        free(x);
    }
    report("softmax");
}

static void check_swiglu(void) {
    for (int32_t trial = 0; trial < 5 * TRIALS; trial++) {
        int32_t n = trial < 100 ? trial + 1 : between(1, 800);
        float *gate = numbers(n, trial % KINDS), *up = numbers(n, 0);
        double *exact = get((size_t)n * sizeof *exact);
        for (int32_t i = 0; i < n; i++) {
            if (trial % 3 == 0) gate[i] = uniform() * 120.0f;
            exact[i] = (double)gate[i] / (1.0 + exp(-(double)gate[i])) * (double)up[i];
        }
        set->swiglu(gate, up, n);
        for (int32_t i = 0; i < n; i++) compare((double)gate[i], exact[i], fabs(exact[i]));
        free(exact);
        free(gate);
        free(up);
    }
    report("swiglu");
}

static void check_sum_exp(void) {
    for (int32_t trial = 0; trial < 5 * TRIALS; trial++) {
        int32_t n = trial < 100 ? trial + 1 : between(1, 3000);
        float scale = trial % 4 ? 1.0f : 1.25f, most = 0.0f;
        float *x = numbers(n, 0);
        double exact = 0.0;
        for (int32_t i = 0; i < n; i++) {
            x[i] = i > 0 && trial % 11 == 0 && i % 3 == 0 ? -INFINITY : (x[i] - 1.0f) * 20.0f;
            exact += exp((double)((x[i] - most) * scale));
        }
        compare((double)set->sum_exp(x, most, scale, n), exact, exact + 1e-9);
        free(x);
    }
    report("sum_exp");
}

// llama2.c's own product, which no set has: each row's products are rounded, then added in order.
static void check_matmul(void) {
    for (int32_t trial = 0; trial < TRIALS; trial++) {
        int32_t rows = between(1, 40), columns = between(1, 300);
        int64_t stride = columns + between(0, 3);
        int32_t all = (int32_t)(rows * stride);
        float *w = numbers(all, trial % KINDS), *x = numbers(columns, 0);
        float *out = get((size_t)rows * sizeof *out), *should = get((size_t)rows * sizeof *should);
        matmul(out, w, stride, x, rows, columns);
        for (int32_t row = 0; row < rows; row++) {
            float sum = 0.0f;
            for (int32_t j = 0; j < columns; j++) {
                volatile float product = w[row * stride + j] * x[j];
                sum += product;
            }
            should[row] = sum;
        }
        must_be_plain(out, should, rows, "sums that are not llama2.c's");
        free(should);
        free(out);
        free(x);
        free(w);
    }
}

static void check_bounds(void) {
    enum { BASES = 3 };
    for (int32_t trial = 0; trial < TRIALS; trial++) {
        int32_t n = trial < 100 ? trial + 1 : between(1, 3000), tiles = tiles_of(n);
        float *value = numbers(n, 0), *scale = numbers(n, 0), *error = numbers(n, 0);
        float *before = get((size_t)n * sizeof *before), *base = numbers(BASES, 0);
        float *upper = get((size_t)n * sizeof *upper), *peak = get((size_t)tiles * sizeof *peak);
        uint8_t *base_of = get((size_t)tiles);
        for (int32_t tile = 0; tile < tiles; tile++) base_of[tile] = (uint8_t)between(0, BASES - 1);
        for (int32_t i = 0; i < n; i++) error[i] = fabsf(error[i]);
        memcpy(before, value, (size_t)n * sizeof *value);
        Bounds by = {scale, error, base, base_of, 16.0f, 0.5f + uniform() / 4.0f, 0.125f};
        float least = set->bounds(value, upper, peak, &by, n), most = -INFINITY;
        for (int32_t i = 0; i < n; i++) {
            double middle = (double)base[base_of[i / TILE]], wide = (double)by.rounding;
            middle += (double)by.times * (double)scale[i] * (double)before[i];
            wide += (double)error[i] * (double)by.length;
            double terms = fabs((double)base[base_of[i / TILE]]) + fabs(middle) + wide;
            compare((double)value[i], middle, terms);
            compare((double)upper[i], middle + wide, terms);
            most = fmaxf(most, value[i] - (error[i] * by.length + by.rounding));
        }
        compare((double)least, (double)most, fabs((double)most) + 1.0);
        for (int32_t tile = 0; tile < tiles; tile++) {
            float highest = -INFINITY;
            for (int32_t i = tile * TILE; i < n && i < (tile + 1) * TILE; i++) {
                highest = fmaxf(highest, upper[i]);
            }
            must(peak[tile] == highest, "a peak that is not the largest of its tile");
        }
        float *all[] = {value, scale, error, before, base, upper, peak};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
        free(base_of);
    }
    report("bounds");
}

// What is no number must do no harm; what comes of it does not matter.
static void check_no_numbers(void) {
    static const float harm[] = {NAN, INFINITY, -INFINITY, 3.4e38f, -3.4e38f, 1e-45f, 1e-38f};
    IntMatrix w = matrix(64, 64, 0);
    QuantizedVector *a = activations(&simd_scalar, 64, 1, 0);
    for (int32_t trial = 0; trial < TRIALS; trial++) {
        float *x = numbers(64, 0), *y = numbers(64, 0), *m = numbers(64 * 64, 0), out[64];
        for (int32_t i = 0; i < 8; i++) {
            x[between(0, 63)] = harm[between(0, 6)];
            y[between(0, 63)] = harm[between(0, 6)];
            m[between(0, 64 * 64 - 1)] = harm[between(0, 6)];
        }
        set->quantise(a, x, 64);
        for (int32_t group = 0; group < 2; group++) {
            int32_t sum = 0;
            for (int32_t i = 0; i < GROUP; i++) sum += a->value[group * GROUP + i];
            must(sum == a->sum[group], "a sum that is not that of its values");
        }
        set->matmul_int8(out, 64, &w, a, 1);
        float *plain = get(BLOCK * sizeof *plain), sums[TILE] = {0};
        for (int32_t i = 0; i < BLOCK; i++) plain[i] = m[i];
        set->accumulate(sums, plain, x, 64, 1);
        free(plain);
        set->scores(out, m, 64, x, 64, 64);
        set->weighted_sum(out, m, 64, x, 64, 64);
        set->dot(x, y, 64);
        memcpy(out, x, sizeof out);
        set->softmax(out, 1.0f, 64);
        set->swiglu(x, y, 64);
        free(x);
        free(y);
        free(m);
    }
    free_activations(a, 1);
    free_matrix(w);
}

int main(void) {
    for (const char *const *name = simd_names(); *name; name++) {
        set = simd_choose(*name);
        state = 20250731;
        must(set != NULL, "a set that is named and cannot be chosen");
        check_quantise();
        check_matmul_int8();
        check_accumulate();
        check_matmul_int4();
        check_dot_int4();
        check_dot();
        for (int i = 0; i < 4; i++) check_rows(i / 2, i % 2);
        check_softmax();
        check_swiglu();
        check_sum_exp();
        check_bounds();
        check_matmul();
        check_no_numbers();
    }
    return 0;
}
