// Loops whose speed on the Duo is published, in our own words: their instructions are counted, and
// c906.py's model of the board must give their published speed before it speaks about the engine.
//
//     calibrate NAME REPEATS
//
// A repeat is `rows` rows of `columns` columns (main), or what `rest` does for one token.
#include <riscv_vector.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 288, LAYERS = 6, HIDDEN = 768, VOCAB = 32000, GROUP = 32, POSITION = 100, ROWS = 96 };

// Not static: what the compiler knows to be zero it neither loads nor multiplies with.
float weights[ROWS * DIM], vector[VOCAB], out[VOCAB], keys[(POSITION + 1) * DIM];
int8_t small_weights[ROWS * DIM], small_vector[DIM];
float scales[ROWS * DIM / GROUP], small_scales[DIM / GROUP];
int group = GROUP;  // a variable to the compiler, as in the winner's program

// fp32 by one scalar sum a row, as llama2.c has it: 8.0 ns for each weight.
static void scalar(void) {
    for (int i = 0; i < ROWS; i++) {
        float sum = 0.0f;
        for (int j = 0; j < DIM; j++) sum += weights[i * DIM + j] * vector[j];
        out[i] = sum;
    }
}

// fp32 by vectors, the matrix stored by columns, four columns to a pass over the output.
static void columns(void) {
    size_t vl = __riscv_vsetvlmax_e32m8();
    for (int j = 0; j < DIM; j += 4) {
        for (int i = 0; i < ROWS; i += (int)vl) {
            vfloat32m8_t sums = __riscv_vle32_v_f32m8(out + i, vl);
            for (int k = 0; k < 4; k++) {
                vfloat32m8_t w = __riscv_vle32_v_f32m8(weights + (j + k) * ROWS + i, vl);
                sums = __riscv_vfmacc_vf_f32m8(sums, vector[j + k], w, vl);
            }
            __riscv_vse32_v_f32m8(out + i, sums, vl);
        }
    }
}

// x, of which the compiler knows nothing: what is made of it is not kept from group to group.
static inline long hidden(long x) {
    __asm__ volatile("" : "+r"(x));
    return x;
}

// int8 in groups of 32, each with an fp32 scale: the contest winner's inner loop, with what its
// published program (prebuilt/runq-fast-gcc) does for a group: two divisions by the group's size,
// a first value for the sum and for its register.
static void winner(void) {
    long size = group, start = 0, zero = 0;
    for (int i = 0; i < ROWS; i++) {
        float sum = 0.0f;
        long row = (long)i * DIM;
        for (long j = 0; j <= DIM - size; j += size) {
            size = hidden(size), start = hidden(start), zero = hidden(zero);
            size_t vl = __riscv_vsetvl_e8m2((size_t)size);
            vint8m2_t x = __riscv_vle8_v_i8m2(small_vector + j, vl);
            vint8m2_t w = __riscv_vle8_v_i8m2(small_weights + row + j, vl);
            vint16m4_t products = __riscv_vwmul_vv_i16m4(x, w, vl);
            vint32m1_t first = __riscv_vmv_v_x_i32m1(start, 1);
            vint32m1_t dot = __riscv_vmv_v_x_i32m1(zero, 1);
            dot = __riscv_vwredsum_vs_i16m4_i32m1_tu(dot, products, first, vl);
            float scale = scales[(row + j) / size] * small_scales[j / size];
            sum += (float)__riscv_vmv_x_s_i32m1_i32(dot) * scale;
        }
        out[i] = sum;
    }
}

// The winner's exponential: the exponent's bits, by one multiplication.
static float cheap_exp(float x) {
    union {
        uint32_t bits;
        float number;
    } u = {.bits = (uint32_t)(12102203 * x + 1064866816)};
    return u.number;
}

static void softmax(float *x, int n) {
    float most = x[0], sum = 0.0f;
    for (int i = 1; i < n; i++)
        if (x[i] > most) most = x[i];
    for (int i = 0; i < n; i++) sum += x[i] = cheap_exp(x[i] - most);
    for (int i = 0; i < n; i++) x[i] /= sum;
}

static void quantise(int n) {
    for (int g = 0; g < n / GROUP; g++) {
        float most = 0.0f;
        for (int i = 0; i < GROUP; i++)
            most = __builtin_fmaxf(most, __builtin_fabsf(vector[g * GROUP + i]));
        float scale = small_scales[g % (DIM / GROUP)] = most / 127.0f;
        for (int i = 0; i < GROUP; i++) {
            small_weights[g * GROUP + i] = (int8_t)__builtin_roundf(vector[g * GROUP + i] / scale);
        }
    }
}

static void attend(void) {
    enum { HEAD = 48 };
    for (int h = 0; h < DIM; h += HEAD) {
        float *mixed = out + h, *weight = out + DIM;
        for (int p = 0; p <= POSITION; p++) {
            float sum = 0.0f;
            for (int i = 0; i < HEAD; i++) sum += vector[h + i] * keys[p * DIM + h + i];
            weight[p] = sum / 6.9f;
        }
        softmax(weight, POSITION + 1);
        memset(mixed, 0, HEAD * sizeof *mixed);
        for (int p = 0; p <= POSITION; p++) {
            for (int i = 0; i < HEAD; i++) mixed[i] += weight[p] * keys[p * DIM + h + i];
        }
    }
}

// What the winner does in a token beside its matrices: attention in the middle of a story of some
// 200 tokens, the vectors made int8, and over the whole vocabulary temperature, softmax, top-p.
static void rest(void) {
    for (int layer = 0; layer < LAYERS; layer++) {
        attend();
        quantise(3 * DIM);
        quantise(HIDDEN);
        for (int i = 0; i < HIDDEN; i++) out[i] *= vector[i] / (1.0f + cheap_exp(-vector[i]));
    }
    for (int i = 0; i < VOCAB; i++) out[i] /= vector[0];
    softmax(out, VOCAB);
    int kept = 0;
    for (int i = 0; i < VOCAB; i++)
        if (out[i] >= 1e-6f) vector[kept++] = out[i];
}

int main(int count, char **arguments) {
    static const struct {
        const char *name;
        void (*run)(void);
    } loops[] = {{"scalar", scalar}, {"columns", columns}, {"winner", winner}, {"rest", rest}};
    for (int i = 0; i < VOCAB; i++) vector[i] = (float)(i % 7 - 3) + 0.5f;
    for (size_t i = 0; count == 3 && i < sizeof loops / sizeof *loops; i++) {
        if (strcmp(arguments[1], loops[i].name) != 0) continue;
        for (int repeat = atoi(arguments[2]); repeat > 0; repeat--) loops[i].run();
        printf("%g\n", (double)out[0]);
        return 0;
    }
    return 2;
}
