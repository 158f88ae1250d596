// fp32 operations of the transformer, in the order of llama2.c's run.c and so bit for bit its
// results: matmul(), rmsnorm(), softmax(), and the RoPE and SwiGLU loops of forward().
#ifndef DUO_KERNELS_OPS_F32_H
#define DUO_KERNELS_OPS_F32_H

#include <stdint.h>

// out (rows) = w (rows, columns) @ x (columns); w's rows begin `stride` floats apart.
void matmul(float *out, const float *w, int64_t stride, const float *x, int32_t rows,
            int32_t columns);

// out = weight * x / rms(x), all (n)
void rmsnorm(float *out, const float *x, const float *weight, int32_t n);

// RoPE (Su et al. 2021): cosine, sine (head / 2) of a head's angles at `position`; and rotate the
// neighbouring pairs of x (n), head by head.
void rope_table(float *cosine, float *sine, int32_t position, int32_t head);
void rope_rotate(float *x, int32_t n, const float *cosine, const float *sine, int32_t head);

// In place.
void softmax(float *x, int32_t n);

// gate = silu(gate) * up, both (n)
void swiglu(float *gate, const float *up, int32_t n);

// The square of the length of x (n), in fp64.
static inline double norm_squared(const float *x, int32_t n) {
    double squares = 0.0;
    for (int32_t i = 0; i < n; i++) squares += (double)x[i] * (double)x[i];
    return squares;
}

#endif
