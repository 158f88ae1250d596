#include "infer/sampler.h"

#include <math.h>
#include <stdlib.h>

#include "kernels/ops_f32.h"

bool sampler_init(Sampler *sampler, int32_t vocab, float temperature, float topp, uint64_t seed,
                  Failure *failure) {
    *sampler = (Sampler){vocab, temperature, topp, seed, NULL};
    sampler->candidates = malloc((size_t)vocab * sizeof(Candidate));
    if (!sampler->candidates) {
        return fail(failure, EXIT_UNEXPECTED, "not enough memory to sample from %d tokens", vocab);
    }
    return true;
}

void sampler_free(Sampler *sampler) {
    free(sampler->candidates);
    sampler->candidates = NULL;
}

// 0 <= coin < 1, from the upper 24 of xorshift*'s 32 good bits: all that a float holds.
float sampler_flip(uint64_t *state) {
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

static int32_t pick_any(const float *probability, int32_t n, float coin) {
    float cumulative = 0.0f;
    for (int32_t i = 0; i < n; i++) {
        cumulative += probability[i];
        if (coin < cumulative) return i;
    }
    return n - 1;  // the sum was rounded to less than the coin
}

// llama2.c sorts with qsort, which in glibc keeps equal elements in order: the lower id first.
static bool before(Candidate a, Candidate b) {
    return a.probability > b.probability || (a.probability == b.probability && a.id < b.id);
}

// Let the root of heap[0..n) sink until none of its children comes before it.
static void sink(Candidate *heap, int32_t root, int32_t n) {
    Candidate sinking = heap[root];
    for (int32_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && before(heap[child + 1], heap[child])) child++;
        if (!before(heap[child], sinking)) break;
        heap[root] = heap[child];
    }
    heap[root] = sinking;
}

// The smallest set of the most probable tokens whose sum exceeds topp, and one of them by coin.
// A heap gives them in order, one by one: the nucleus is some ten tokens, the vocabulary 32000.
static int32_t pick_nucleus(Candidate *candidates, const float *probability, int32_t n, float topp,
                            float coin) {
    // A token with less cannot be in the nucleus, even if all the others had the same.
    float cutoff = (1.0f - topp) / (float)(n - 1);
    int32_t count = 0;
    for (int32_t i = 0; i < n; i++) {
        if (probability[i] >= cutoff) candidates[count++] = (Candidate){probability[i], i};
    }
    // All are below it where topp is less than an even share and all have one, or none is a number.
    if (count == 0) return argmax(probability, n);
    for (int32_t root = count / 2 - 1; root >= 0; root--) sink(candidates, root, count);

    // candidates: heap [0, rest), then the nucleus so far, the most probable one last.
    float total = 0.0f;
    int32_t rest = count;
    while (rest > 0) {
        Candidate top = candidates[0];
        candidates[0] = candidates[--rest];
        sink(candidates, 0, rest);
        candidates[rest] = top;
        total += top.probability;
        if (total > topp) break;
    }
    float target = coin * total, cumulative = 0.0f;
    for (int32_t i = count - 1; i >= rest; i--) {
        cumulative += candidates[i].probability;
        if (target < cumulative) return candidates[i].id;
    }
    return candidates[rest].id;  // rounding, as above
}

void sampler_soften(const Sampler *sampler, float *logits) {
    if (sampler->temperature == 0.0f) return;
    for (int32_t i = 0; i < sampler->vocab; i++) logits[i] /= sampler->temperature;
    softmax(logits, sampler->vocab);
}

int32_t sampler_pick(const Sampler *sampler, const float *softened, float coin) {
    int32_t n = sampler->vocab;
    if (sampler->temperature == 0.0f) return argmax(softened, n);
    if (sampler->topp <= 0.0f || sampler->topp >= 1.0f) return pick_any(softened, n, coin);
    return pick_nucleus(sampler->candidates, softened, n, sampler->topp, coin);
}

float sampler_probability(const Sampler *sampler, const float *softened, int32_t id) {
    if (sampler->temperature != 0.0f) return softened[id];
    float max = softened[argmax(softened, sampler->vocab)], sum = 0.0f;
    for (int32_t i = 0; i < sampler->vocab; i++) sum += expf(softened[i] - max);
    return expf(softened[id] - max) / sum;
}
