#include "infer/generator.h"

#include <math.h>
#include <stdlib.h>

#include "infer/sampler.h"
#include "infer/transformer.h"

struct Teller {
    const Tokenizer *tokenizer;
    Settings settings;
    int32_t *prompt;
    size_t prompt_count;
    Transformer transformer;  // mode reference
    Sampler sampler;
    Narrator *narrator;       // the other modes
    int32_t token;     // that the next step runs
    int32_t position;  // at which
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
        // xorshift never leaves 0
        return fail(failure, EXIT_USAGE, "the seed is 0; give a whole number from 1 on");
    }
    return true;
}

static Narration narration_of(Settings s) {
    return (Narration){
        .exact = s.mode == MODE_EXACT,
        .steps = (int32_t)s.steps,
        .temperature = s.temperature,
        .topp = s.topp,
        .seed = s.seed,
        .probabilities = s.probabilities,
        .prefill = s.prefill > 0 ? s.prefill : INT32_MAX,
        .drafts = s.drafts > 0 ? s.drafts : s.drafts < 0 ? 0 : INT32_MAX,
        .simd = s.simd ? s.simd : simd_choose(NULL),
    };
}

static bool prepare(Teller *t, Model *model, Settings settings, const char *prompt,
                    Failure *failure) {
    if (!check_settings(settings, failure)) return false;
    ModelConfig config = model->config;
    if (settings.steps == 0 || settings.steps > (uint32_t)config.context) {
        settings.steps = (uint32_t)config.context;
    }
    t->settings = settings;
    t->prompt = tokenizer_encode(t->tokenizer, prompt, &t->prompt_count, failure);
    if (!t->prompt) return false;
    if (t->prompt_count > (size_t)config.context) {
        return fail(failure, EXIT_USAGE,
                    "the prompt has %zu tokens and the model reads at most %d; shorten the prompt",
                    t->prompt_count, config.context);
    }
    t->token = t->prompt[0];
    if (settings.mode != MODE_REFERENCE) {
        const Packed *packed = model_packed(model, settings.mode, failure);
        if (packed) {
            t->narrator = narrator_new(packed, narration_of(settings), t->prompt,
                                       (int32_t)t->prompt_count, failure);
        }
        return t->narrator != NULL;
    }
    const Checkpoint *checkpoint = model_checkpoint(model, failure);
    return checkpoint && transformer_init(&t->transformer, checkpoint, (int32_t)settings.steps, failure) &&
           sampler_init(&t->sampler, config.vocab, settings.temperature, settings.topp,
                        settings.seed, failure);
}

Teller *teller_new(Model *model, const Tokenizer *tokenizer, Settings settings,
                   const char *prompt, Failure *failure) {
    Teller *t = calloc(1, sizeof *t);
    if (!t) {
        fail(failure, EXIT_UNEXPECTED, "not enough memory to tell a story");
        return NULL;
    }
    t->tokenizer = tokenizer;
    if (prepare(t, model, settings, prompt, failure)) return t;
    teller_free(t);
    return NULL;
}

Settings teller_settings(const Teller *t) { return t->settings; }

uint32_t teller_warmup(const Teller *t) {
    return t->prompt_count > 2 ? (uint32_t)t->prompt_count - 1 : 1;
}

const int32_t *teller_prompt(const Teller *t, size_t *count) {
    *count = t->prompt_count;
    return t->prompt;
}

// The token after the last one, by llama2.c's own way.
static int32_t reference_next(Teller *t, float *probability) {
    size_t following = (size_t)t->position + 1;
    bool forced = following < t->prompt_count;
    bool wanted = !forced || t->settings.probabilities;
    float *logits = transformer_step(&t->transformer, t->token, t->position, wanted);
    if (wanted) sampler_soften(&t->sampler, logits);

    // No random number is drawn for a forced token: the story after the prompt depends on it.
    int32_t id = forced ? t->prompt[following] : 0;
    if (!forced) {
        float coin = t->settings.temperature == 0.0f ? 0.0f : sampler_flip(&t->sampler.state);
        id = sampler_pick(&t->sampler, logits, coin);
    }
    if (t->settings.probabilities) *probability = sampler_probability(&t->sampler, logits, id);
    return id;
}

bool teller_next(Teller *t, Next *next) {
    if (t->over || t->position >= (int32_t)t->settings.steps) return false;

    *next = (Next){.text = "", .probability = NAN};
    if (!t->narrator) {
        next->id = reference_next(t, &next->probability);
    } else if (!narrator_next(t->narrator, &next->id, &next->probability, &t->failure)) {
        t->over = t->failed = true;
        return false;
    }
    if (next->id == TOKEN_BOS) {
        t->over = true;
    } else {
        next->text = tokenizer_decode(t->tokenizer, t->token, next->id, &next->length);
    }
    t->token = next->id;
    t->position++;
    return true;
}

const Failure *teller_failure(const Teller *t) { return t->failed ? &t->failure : NULL; }

bool teller_effort(const Teller *t, Effort *effort) {
    if (!t->narrator) return false;
    *effort = narrator_effort(t->narrator);
    return true;
}

void teller_free(Teller *t) {
    if (!t) return;
    free(t->prompt);
    transformer_free(&t->transformer);
    sampler_free(&t->sampler);
    narrator_free(t->narrator);
    free(t);
}
