// Mirrors generate() of llama2.c's run.c: the prompt's tokens are forced, then each step samples
// the next token; BOS or the number of steps ends the story. Mode reference uses transformer.c and
// sampler.c; the modes exact and fast use speculative.c.
#include "infer/generator.h"

#include <math.h>
#include <stdlib.h>

#include "infer/sampler.h"
#include "infer/transformer.h"

struct Generator {
    const Tokenizer *tokenizer;
    Settings settings;
    int32_t *prompt;
    size_t prompt_count;
    Transformer transformer;  // mode reference
    Sampler sampler;
    SpecDecoder *decoder;  // the other modes
    int32_t token;         // input of the next step
    int32_t position;      // of that token
    bool over, failed;
    Failure failure;
};

static bool check_settings(Settings s, Failure *failure) {
    if (!isfinite(s.temperature) || s.temperature < 0.0f) {
        return fail(failure, EXIT_USAGE, "the temperature is not a number from 0 on; give one");
    }
    if (!(s.topp >= 0.0f && s.topp <= 1.0f)) {
        return fail(failure, EXIT_USAGE, "top-p is not a number from 0 to 1; give one");
    }
    if (s.seed == 0) {
        // xorshift* never leaves 0
        return fail(failure, EXIT_USAGE, "the seed is 0; give a whole number from 1 on");
    }
    return true;
}

static SpecOptions spec_options(Settings s) {
    return (SpecOptions){
        .exact = s.mode == MODE_EXACT,
        .steps = (int32_t)s.steps,
        .temperature = s.temperature,
        .topp = s.topp,
        .seed = s.seed,
        .probabilities = s.probabilities,
        .prefill = s.prefill > 0 ? s.prefill : INT32_MAX,
        .drafts = s.drafts > 0   ? s.drafts
                  : s.drafts < 0 ? 0
                                 : INT32_MAX,
        .simd = s.simd ? s.simd : simd_choose(NULL),
    };
}

static bool init(Generator *g, Model *model, Settings settings, const char *prompt,
                 Failure *failure) {
    if (!check_settings(settings, failure)) return false;
    ModelConfig config = model->config;
    if (settings.steps == 0 || settings.steps > (uint32_t)config.context) {
        settings.steps = (uint32_t)config.context;
    }
    g->settings = settings;
    g->prompt = tokenizer_encode(g->tokenizer, prompt, &g->prompt_count, failure);
    if (!g->prompt) return false;
    if (g->prompt_count > (size_t)config.context) {
        return fail(failure, EXIT_USAGE,
                    "the prompt has %zu tokens and the model reads at most %d; shorten the prompt",
                    g->prompt_count, config.context);
    }
    g->token = g->prompt[0];
    if (settings.mode != MODE_REFERENCE) {
        const Packed *packed = model_packed(model, settings.mode, failure);
        if (packed) {
            g->decoder = spec_decoder_new(packed, spec_options(settings), g->prompt,
                                          (int32_t)g->prompt_count, failure);
        }
        return g->decoder != NULL;
    }
    const Checkpoint *checkpoint = model_checkpoint(model, failure);
    return checkpoint &&
           transformer_init(&g->transformer, checkpoint, (int32_t)settings.steps, failure) &&
           sampler_init(&g->sampler, config.vocab, settings.temperature, settings.topp,
                        settings.seed, failure);
}

Generator *generator_new(Model *model, const Tokenizer *tokenizer, Settings settings,
                         const char *prompt, Failure *failure) {
    Generator *g = calloc(1, sizeof *g);
    if (!g) {
        fail(failure, EXIT_UNEXPECTED, "not enough memory to tell a story");
        return NULL;
    }
    g->tokenizer = tokenizer;
    if (init(g, model, settings, prompt, failure)) return g;
    generator_free(g);
    return NULL;
}

Settings generator_settings(const Generator *g) { return g->settings; }

uint32_t generator_warmup(const Generator *g) {
    return g->prompt_count > 2 ? (uint32_t)g->prompt_count - 1 : 1;
}

const int32_t *generator_prompt(const Generator *g, size_t *count) {
    *count = g->prompt_count;
    return g->prompt;
}

// One step of mode reference.
static int32_t reference_step(Generator *g, float *probability) {
    size_t following = (size_t)g->position + 1;
    bool forced = following < g->prompt_count;
    bool wanted = !forced || g->settings.probabilities;
    float *logits = transformer_forward(&g->transformer, g->token, g->position, wanted);
    if (wanted) sampler_softmax(&g->sampler, logits);

    // No random number is drawn for a prompt's token, as in llama2.c.
    int32_t id = forced ? g->prompt[following] : 0;
    if (!forced) {
        float coin = g->settings.temperature == 0.0f ? 0.0f : sampler_random(&g->sampler.state);
        id = sampler_sample(&g->sampler, logits, coin);
    }
    if (g->settings.probabilities) *probability = sampler_probability(&g->sampler, logits, id);
    return id;
}

bool generator_step(Generator *g, Step *step) {
    if (g->over || g->position >= (int32_t)g->settings.steps) return false;

    *step = (Step){.text = "", .probability = NAN};
    if (!g->decoder) {
        step->id = reference_step(g, &step->probability);
    } else if (!spec_decoder_next(g->decoder, &step->id, &step->probability, &g->failure)) {
        g->over = g->failed = true;
        return false;
    }
    if (step->id == TOKEN_BOS) {
        g->over = true;
    } else {
        step->text = tokenizer_decode(g->tokenizer, g->token, step->id, &step->length);
    }
    g->token = step->id;
    g->position++;
    return true;
}

const Failure *generator_failure(const Generator *g) { return g->failed ? &g->failure : NULL; }

bool generator_stats(const Generator *g, DecodeStats *stats) {
    if (!g->decoder) return false;
    *stats = spec_decoder_stats(g->decoder);
    return true;
}

void generator_free(Generator *g) {
    if (!g) return;
    free(g->prompt);
    transformer_free(&g->transformer);
    sampler_free(&g->sampler);
    spec_decoder_free(g->decoder);
    free(g);
}
