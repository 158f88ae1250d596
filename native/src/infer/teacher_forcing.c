#include "infer/teacher_forcing.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "infer/sampler.h"
#include "infer/scorer.h"
#include "infer/transformer.h"

typedef struct {
    Transformer transformer;
    Sampler sampler;
    Scorer own;  // what the mode itself thinks, where it is another
    bool another;
    const Tokenizer *tokenizer;
    int32_t likely;
    bool *printed;  // (vocab)
    FILE *out;
} Follower;

typedef struct {
    int32_t *ids;  // (prompt + count) the prompt's, BOS first, then what was told
    int32_t prompt, count;
} Told;

static bool no_story(Failure *failure, const char *path) {
    return fail(failure, EXIT_USAGE, "'%.200s' is no story of this model; give a file of --ids",
                path);
}

// The ids of a line behind its name; how many, or -1.
static int32_t read_ids(FILE *file, const char *name, int32_t *ids, int32_t room, int32_t vocab) {
    char word[16];
    if (fscanf(file, "%15s", word) != 1 || strcmp(word, name) != 0) return -1;
    int32_t count = 0;
    for (int c = fgetc(file); c == ' '; c = fgetc(file)) {
        if (count == room || fscanf(file, "%d", &ids[count]) != 1) return -1;
        if (ids[count] < 0 || ids[count] >= vocab) return -1;
        count++;
    }
    return count;
}

static bool read_told(Told *told, const char *path, ModelConfig config, Failure *failure) {
    FILE *file = fopen(path, "r");
    if (!file) {
        return fail(failure, EXIT_USAGE, "cannot read '%.200s': %s; give a file of --ids", path,
                    strerror(errno));
    }
    int32_t room = 2 * config.context;
    *told = (Told){.ids = malloc((size_t)room * sizeof *told->ids)};
    bool read = told->ids != NULL;
    if (read) {
        told->prompt = read_ids(file, "prompt:", told->ids, config.context, config.vocab);
        read = told->prompt > 0;
    }
    if (read) {
        told->count = read_ids(file, "out:", told->ids + told->prompt, config.context, config.vocab);
        read = told->count >= told->prompt - 1;
    }
    // What was told begins with the prompt, but for BOS.
    read = read && memcmp(told->ids + 1, told->ids + told->prompt,
                          (size_t)(told->prompt - 1) * sizeof *told->ids) == 0;
    fclose(file);
    if (!told->ids) return fail(failure, EXIT_UNEXPECTED, "not enough memory to follow a story");
    return read || no_story(failure, path);
}

// The likeliest ids after `token`.
static void print_likeliest(Follower *f, const float *softened, int32_t token) {
    int32_t vocab = f->sampler.vocab;
    memset(f->printed, 0, (size_t)vocab * sizeof *f->printed);
    for (int32_t n = 0; n < f->likely && n < vocab; n++) {
        int32_t best = -1;
        for (int32_t i = 0; i < vocab; i++) {
            if (!f->printed[i] && (best < 0 || softened[i] > softened[best])) best = i;
        }
        f->printed[best] = true;
        size_t length;
        const char *text = tokenizer_decode(f->tokenizer, token, best, &length);
        fprintf(f->out, " %d:%.6f:", best,
                (double)sampler_probability(&f->sampler, softened, best));
        if (f->another) fprintf(f->out, "%.6f", exp(-scorer_nats(&f->own, best)));
        fputc(':', f->out);
        for (size_t i = 0; i < length; i++) fprintf(f->out, "%02x", (unsigned char)text[i]);
    }
    fputc('\n', f->out);
}

static bool follow(Follower *f, const Told *told, Failure *failure) {
    const int32_t *story = told->ids + told->prompt;
    int32_t token = told->ids[0];
    for (int32_t position = 0; position < told->count; position++) {
        float *logits = transformer_step(&f->transformer, token, position, true);
        sampler_soften(&f->sampler, logits);
        int32_t id = story[position], taken = id;
        if (position + 1 >= told->prompt) {  // no random number is drawn for a prompt's token
            float coin = f->sampler.temperature == 0.0f ? 0.0f : sampler_flip(&f->sampler.state);
            taken = sampler_pick(&f->sampler, logits, coin);
        }
        fprintf(f->out, "%d %d %.9f", id, taken,
                -log((double)sampler_probability(&f->sampler, logits, id)));
        int32_t likeliest;
        if (f->another && !scorer_step(&f->own, token, position, &likeliest, failure)) return false;
        print_likeliest(f, logits, token);
        token = id;
    }
    return true;
}

bool follow_file(Model *model, const Tokenizer *tokenizer, Settings settings, const char *path,
                 int32_t likely, FILE *out, Failure *failure) {
    Told told = {0};
    Follower f = {.tokenizer = tokenizer, .likely = likely, .out = out};
    ModelConfig config = model->config;
    const Checkpoint *checkpoint = model_checkpoint(model, failure);
    if (!checkpoint) return false;
    f.printed = malloc((size_t)config.vocab * sizeof *f.printed);
    bool ready = f.printed != NULL ||
                 fail(failure, EXIT_UNEXPECTED, "not enough memory to follow a story");
    ready = ready && read_told(&told, path, config, failure) &&
            transformer_init(&f.transformer, checkpoint, config.context, failure) &&
            sampler_init(&f.sampler, config.vocab, settings.temperature, settings.topp,
                         settings.seed, failure);
    f.another = settings.mode != MODE_REFERENCE;
    if (ready && f.another) {
        ready = scorer_init(&f.own, model, settings.mode, settings.temperature, failure);
    }
    ready = ready && follow(&f, &told, failure);
    scorer_free(&f.own);
    transformer_free(&f.transformer);
    sampler_free(&f.sampler);
    free(f.printed);
    free(told.ids);
    return ready;
}
