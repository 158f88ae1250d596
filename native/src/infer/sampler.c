// Mirrors the Sampler of llama2.c's run.c: sample_argmax(), sample_mult(), sample_topp() and
// random_f32(). run.c sorts the nucleus by qsort(); a heap here yields the same order.
#include "infer/sampler.h"

#include <math.h>
#include <stdlib.h>

#include "kernels/ops_f32.h"

bool sampler_init(Sampler *sampler, int32_t vocab, float temperature, float topp, uint64_t seed,
                  Failure *failure) {
    *sampler = (Sampler){vocab, temperature, topp, seed, NULL};
    sampler->prob_index = malloc((size_t)vocab * sizeof(ProbIndex));
    if (!sampler->prob_index) {
        return fail(failure, EXIT_UNEXPECTED, "not enough memory to sample from %d tokens", vocab);
    }
    return true;
}

void sampler_free(Sampler *sampler) {
    free(sampler->prob_index);
    sampler->prob_index = NULL;
}

// From the upper 24 of xorshift*'s 32 bits, which is what a float holds.
float sampler_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    uint32_t bits = (uint32_t)(*state * 0x2545F4914F6CDD1Dull >> 32);
    return (float)(bits >> 8) / 16777216.0f;
}

static int32_t argmax(const float *x, int32_t n) {
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++) {
        if (x[i] > x[best]) best = i;
    }
    return best;
}

static int32_t sample_mult(const float *probability, int32_t n, float coin) {
    float cumulative = 0.0f;
    for (int32_t i = 0; i < n; i++) {
        cumulative += probability[i];
        if (coin < cumulative) return i;
    }
    return n - 1;  // the rounded sum is below the draw
}

// llama2.c sorts with qsort, which in glibc keeps equal elements in order: the lower id first.
static bool before(ProbIndex a, ProbIndex b) {
    return a.probability > b.probability || (a.probability == b.probability && a.id < b.id);
}

// Sift the root of heap[0..n) down until neither child comes before it.
static void sift_down(ProbIndex *heap, int32_t root, int32_t n) {
    ProbIndex sinking = heap[root];
    for (int32_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && before(heap[child + 1], heap[child])) child++;
        if (!before(heap[child], sinking)) break;
        heap[root] = heap[child];
    }
    heap[root] = sinking;
}

// Sample from the smallest set of most probable tokens whose sum exceeds topp. A heap yields them
// in order without sorting all: the nucleus is some ten tokens of 32000.
static int32_t sample_topp(ProbIndex *prob_index, const float *probability, int32_t n, float topp,
                           float coin) {
    // llama2.c's cut-off: a token below it cannot be in the nucleus.
    float cutoff = (1.0f - topp) / (float)(n - 1);
    int32_t count = 0;
    for (int32_t i = 0; i < n; i++) {
        if (probability[i] >= cutoff) prob_index[count++] = (ProbIndex){probability[i], i};
    }
    // All are below it where topp is under 1 / n and the distribution even, or with NaN.
    if (count == 0) return argmax(probability, n);
    for (int32_t root = count / 2 - 1; root >= 0; root--) sift_down(prob_index, root, count);

    // prob_index: heap [0, rest), then the nucleus so far, the most probable one last.
    float total = 0.0f;
    int32_t rest = count;
    while (rest > 0) {
        ProbIndex top = prob_index[0];
        prob_index[0] = prob_index[--rest];
        sift_down(prob_index, 0, rest);
        prob_index[rest] = top;
        total += top.probability;
        if (total > topp) break;
    }
    float target = coin * total, cumulative = 0.0f;
    for (int32_t i = count - 1; i >= rest; i--) {
        cumulative += prob_index[i].probability;
        if (target < cumulative) return prob_index[i].id;
    }
    return prob_index[rest].id;  // rounding, as above
}

void sampler_softmax(const Sampler *sampler, float *logits) {
    if (sampler->temperature == 0.0f) return;
    for (int32_t i = 0; i < sampler->vocab; i++) logits[i] /= sampler->temperature;
    softmax(logits, sampler->vocab);
}

int32_t sampler_sample(const Sampler *sampler, const float *probabilities, float coin) {
    int32_t n = sampler->vocab;
    if (sampler->temperature == 0.0f) return argmax(probabilities, n);
    if (sampler->topp <= 0.0f || sampler->topp >= 1.0f) return sample_mult(probabilities, n, coin);
    return sample_topp(sampler->prob_index, probabilities, n, sampler->topp, coin);
}

float sampler_probability(const Sampler *sampler, const float *probabilities, int32_t id) {
    if (sampler->temperature != 0.0f) return probabilities[id];
    float max = probabilities[argmax(probabilities, sampler->vocab)], sum = 0.0f;
    for (int32_t i = 0; i < sampler->vocab; i++) sum += expf(probabilities[i] - max);
    return expf(probabilities[id] - max) / sum;
}
