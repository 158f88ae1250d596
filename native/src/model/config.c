#include "model/config.h"

#include <stddef.h>

// Limits that no model for this engine reaches, and so small that every product of sizes below
// stays under 2^63: nothing after config_check() can overflow.
enum {
    MAX_DIM = 1 << 16,
    MAX_HIDDEN = 1 << 18,
    MAX_LAYERS = 1 << 10,
    MAX_VOCAB = 1 << 24,
    MAX_CONTEXT = 1 << 20,
};

static bool check_range(const char *path, const char *name, int32_t value, int32_t most,
                        Failure *failure) {
    if (value >= 1 && value <= most) return true;
    return fail(failure, EXIT_USAGE,
                "'%.200s' is not a model: its %s is %d, not 1 to %d; "
                "give a llama2.c .bin or a .duo file",
                path, name, value, most);
}

bool config_check(const char *path, ModelConfig s, Failure *failure) {
    if (!check_range(path, "dim", s.dim, MAX_DIM, failure) ||
        !check_range(path, "hidden dim", s.hidden, MAX_HIDDEN, failure) ||
        !check_range(path, "number of layers", s.layers, MAX_LAYERS, failure) ||
        !check_range(path, "number of heads", s.heads, s.dim, failure) ||
        !check_range(path, "number of key heads", s.kv_heads, s.heads, failure) ||
        !check_range(path, "vocabulary", s.vocab, MAX_VOCAB, failure) ||
        !check_range(path, "context", s.context, MAX_CONTEXT, failure)) {
        return false;
    }
    const char *wrong = NULL;
    if (s.dim % s.heads != 0) wrong = "its dim is not a multiple of its heads";
    else if (s.dim / s.heads % 2 != 0) wrong = "its head size is odd";
    else if (s.heads % s.kv_heads != 0) wrong = "its heads are not a multiple of its key heads";
    else if (s.vocab < 2) wrong = "its vocabulary has no token for the start of a text";
    if (!wrong) return true;
    return fail(failure, EXIT_USAGE,
                "'%.200s' is not a model: %s; give a llama2.c .bin or a .duo file", path, wrong);
}

WeightCounts config_weight_counts(ModelConfig s) {
    uint64_t dim = (uint64_t)s.dim, layers = (uint64_t)s.layers;
    uint64_t kv = dim / (uint64_t)s.heads * (uint64_t)s.kv_heads;
    return (WeightCounts){
        .embedding = (uint64_t)s.vocab * dim,
        .norm = layers * dim,
        .query = layers * dim * dim,
        .key = layers * kv * dim,
        .ffn = layers * (uint64_t)s.hidden * dim,
    };
}

uint64_t config_parameters(ModelConfig s, WeightCounts n, bool tied) {
    return (tied ? 1 : 2) * n.embedding + 2 * n.norm + (uint64_t)s.dim + 2 * n.query + 2 * n.key +
           3 * n.ffn;
}
