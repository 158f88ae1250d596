#include "guard.h"

#include <math.h>
#include <stdlib.h>

#include "kernels.h"
#include "layers.h"
#include "oracle.h"
#include "sampler.h"

typedef struct {
    Layers layers, true_layers;
    Oracle oracle;
    Sampler sampler;
    float *logits, *true_logits, *row;
    int32_t *tokens;
} Measurement;

enum { BOS = 1 };

// The logits of mode exact after one more token, in fp32: what the classifier's screen may be off is
// bounded, and is not part of this.
static bool run(Measurement *m, const Packed *p, int32_t at, Failure *failure) {
    if (!layers_run(&m->layers, PRECISE, m->tokens + at, 1, at, failure)) return false;
    size_t size = (size_t)p->shape.dim * sizeof(float);
    for (int32_t id = 0; id < p->shape.vocab; id++) {
        const float *row = source_read(&p->head.rows, (uint64_t)id * size, size, m->row);
        if (!row) return fail(failure, EXIT_UNEXPECTED, "the model's file can no longer be read");
        matmul(m->logits + id, row, p->shape.dim, m->layers.normed, 1, p->shape.dim);
    }
    return oracle_ask(&m->oracle, m->tokens, at + 1, m->true_logits, failure);
}

static bool measure(Measurement *m, const Packed *p, int32_t tokens, float *error,
                    Failure *failure) {
    float most = 0.0f;
    m->tokens[0] = BOS;
    for (int32_t at = 0; at < tokens; at++) {
        if (!run(m, p, at, failure)) return false;
        for (int32_t id = 0; id < p->shape.vocab; id++) {
            most = fmaxf(most, fabsf(m->logits[id] - m->true_logits[id]));
        }
        sampler_soften(&m->sampler, m->true_logits);
        m->tokens[at + 1] = sampler_pick(&m->sampler, m->true_logits,
                                         sampler_flip(&m->sampler.state));
    }
    *error = isfinite(most) ? most : 0.0f;
    return true;
}

bool guard_measure(const Packed *p, const Simd *simd, int32_t tokens, float *error,
                   Failure *failure) {
    Measurement m = {0};
    if (tokens > p->shape.context) tokens = p->shape.context;
    size_t vocab = (size_t)p->shape.vocab;
    m.logits = malloc(vocab * sizeof *m.logits);
    m.true_logits = malloc(vocab * sizeof *m.true_logits);
    m.row = malloc((size_t)p->shape.dim * sizeof *m.row);
    m.tokens = malloc(((size_t)tokens + 1) * sizeof *m.tokens);
    bool done = false;
    if (!m.logits || !m.true_logits || !m.row || !m.tokens) {
        fail(failure, EXIT_UNEXPECTED, "not enough memory to measure mode exact");
    } else if (layers_init(&m.layers, p, simd, false, tokens, failure) &&
               layers_init(&m.true_layers, p, simd, false, tokens, failure) &&
               sampler_init(&m.sampler, p->shape.vocab, 1.0f, 0.9f, 1, failure)) {
        oracle_init(&m.oracle, &m.true_layers);
        done = measure(&m, p, tokens, error, failure);
    }
    layers_free(&m.layers);
    layers_free(&m.true_layers);
    oracle_free(&m.oracle);
    sampler_free(&m.sampler);
    free(m.logits);
    free(m.true_logits);
    free(m.row);
    free(m.tokens);
    return done;
}
