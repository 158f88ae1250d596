#include "teller.h"

#include <math.h>
#include <stdlib.h>

#include "sampler.h"
#include "transformer.h"

struct Teller {
    const Tokenizer *tokenizer;
    Settings settings;
    int32_t *prompt;
    size_t prompt_count;
    Transformer transformer;
    Sampler sampler;
    int32_t token;     // that the next step runs
    int32_t position;  // at which
    bool over;
};

static bool check_settings(Settings s, Failure *failure) {
    if (s.mode != MODE_REFERENCE) {
        return fail(failure, EXIT_USAGE,
                    "this build tells in mode reference only; leave --mode out");
    }
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

static bool prepare(Teller *t, const Model *model, Settings settings, const char *prompt,
                    Failure *failure) {
    if (!check_settings(settings, failure)) return false;
    Shape shape = model->shape;
    if (settings.steps == 0 || settings.steps > (uint32_t)shape.context) {
        settings.steps = (uint32_t)shape.context;
    }
    t->settings = settings;
    t->prompt = tokenizer_encode(t->tokenizer, prompt, &t->prompt_count, failure);
    if (!t->prompt) return false;
    if (t->prompt_count > (size_t)shape.context) {
        return fail(failure, EXIT_USAGE,
                    "the prompt has %zu tokens and the model reads at most %d; shorten the prompt",
                    t->prompt_count, shape.context);
    }
    t->token = t->prompt[0];
    return transformer_init(&t->transformer, model, (int32_t)settings.steps, failure) &&
           sampler_init(&t->sampler, shape.vocab, settings.temperature, settings.topp,
                        settings.seed, failure);
}

Teller *teller_new(const Model *model, const Tokenizer *tokenizer, Settings settings,
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

const int32_t *teller_prompt(const Teller *t, size_t *count) {
    *count = t->prompt_count;
    return t->prompt;
}

bool teller_next(Teller *t, Next *next) {
    if (t->over || t->position >= (int32_t)t->settings.steps) return false;

    size_t following = (size_t)t->position + 1;
    bool forced = following < t->prompt_count;
    bool wanted = !forced || t->settings.probabilities;
    float *logits = transformer_step(&t->transformer, t->token, t->position, wanted);
    if (wanted) sampler_soften(&t->sampler, logits);

    // No random number is drawn for a forced token: the story after the prompt depends on it.
    int32_t id = forced ? t->prompt[following] : sampler_pick(&t->sampler, logits);
    *next = (Next){.id = id, .text = "", .probability = NAN};
    if (t->settings.probabilities) {
        next->probability = sampler_probability(&t->sampler, logits, id);
    }
    if (id == TOKEN_BOS) {
        t->over = true;
    } else {
        next->text = tokenizer_decode(t->tokenizer, t->token, id, &next->length);
    }
    t->token = id;
    t->position++;
    return true;
}

void teller_free(Teller *t) {
    if (!t) return;
    free(t->prompt);
    transformer_free(&t->transformer);
    sampler_free(&t->sampler);
    free(t);
}
