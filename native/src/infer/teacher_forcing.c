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
    Scorer mode_scorer;  // of settings.mode, if that is not reference
    bool other_mode;
    const Tokenizer *tokenizer;
    int32_t likely;
    bool *printed;  // (vocab)
    FILE *out;
} TeacherForcing;

typedef struct {
    int32_t *ids;  // (prompt + count) prompt, BOS first, then output
    int32_t prompt, count;
} IdsFile;

static bool fail_not_a_story(Failure *failure, const char *path) {
    return fail(failure, EXIT_USAGE, "'%.200s' is no story of this model; give a file of --ids",
                path);
}

// Read the ids of a line that begins with `name`; returns their number, or -1.
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

static bool read_story(IdsFile *story, const char *path, ModelConfig config, Failure *failure) {
    FILE *file = fopen(path, "r");
    if (!file) {
        return fail(failure, EXIT_USAGE, "cannot read '%.200s': %s; give a file of --ids", path,
                    strerror(errno));
    }
    int32_t room = 2 * config.context;
    *story = (IdsFile){.ids = malloc((size_t)room * sizeof *story->ids)};
    bool read = story->ids != NULL;
    if (read) {
        story->prompt = read_ids(file, "prompt:", story->ids, config.context, config.vocab);
        read = story->prompt > 0;
    }
    if (read) {
        story->count =
            read_ids(file, "out:", story->ids + story->prompt, config.context, config.vocab);
        read = story->count >= story->prompt - 1;
    }
    // The output begins with the prompt, without BOS.
    read = read && memcmp(story->ids + 1, story->ids + story->prompt,
                          (size_t)(story->prompt - 1) * sizeof *story->ids) == 0;
    fclose(file);
    if (!story->ids) return fail(failure, EXIT_UNEXPECTED, "not enough memory to follow a story");
    return read || fail_not_a_story(failure, path);
}

// Print the likeliest ids after `token`.
static void print_likeliest(TeacherForcing *f, const float *probabilities, int32_t token) {
    int32_t vocab = f->sampler.vocab;
    memset(f->printed, 0, (size_t)vocab * sizeof *f->printed);
    for (int32_t n = 0; n < f->likely && n < vocab; n++) {
        int32_t best = -1;
        for (int32_t i = 0; i < vocab; i++) {
            if (!f->printed[i] && (best < 0 || probabilities[i] > probabilities[best])) best = i;
        }
        f->printed[best] = true;
        size_t length;
        const char *text = tokenizer_decode(f->tokenizer, token, best, &length);
        fprintf(f->out, " %d:%.6f:", best,
                (double)sampler_probability(&f->sampler, probabilities, best));
        if (f->other_mode) fprintf(f->out, "%.6f", exp(-scorer_nats(&f->mode_scorer, best)));
        fputc(':', f->out);
        for (size_t i = 0; i < length; i++) fprintf(f->out, "%02x", (unsigned char)text[i]);
    }
    fputc('\n', f->out);
}

static bool run_story(TeacherForcing *f, const IdsFile *story, Failure *failure) {
    const int32_t *ids = story->ids + story->prompt;
    int32_t token = story->ids[0];
    for (int32_t position = 0; position < story->count; position++) {
        float *logits = transformer_forward(&f->transformer, token, position, true);
        sampler_softmax(&f->sampler, logits);
        int32_t id = ids[position], taken = id;
        if (position + 1 >= story->prompt) {  // no random number is drawn for a prompt's token
            float coin = f->sampler.temperature == 0.0f ? 0.0f : sampler_random(&f->sampler.state);
            taken = sampler_sample(&f->sampler, logits, coin);
        }
        fprintf(f->out, "%d %d %.9f", id, taken,
                -log((double)sampler_probability(&f->sampler, logits, id)));
        int32_t likeliest;
        if (f->other_mode && !scorer_step(&f->mode_scorer, token, position, &likeliest, failure)) {
            return false;
        }
        print_likeliest(f, logits, token);
        token = id;
    }
    return true;
}

bool teacher_forcing_file(Model *model, const Tokenizer *tokenizer, Settings settings,
                          const char *path, int32_t likely, FILE *out, Failure *failure) {
    IdsFile story = {0};
    TeacherForcing f = {.tokenizer = tokenizer, .likely = likely, .out = out};
    ModelConfig config = model->config;
    const Checkpoint *checkpoint = model_checkpoint(model, failure);
    if (!checkpoint) return false;
    f.printed = malloc((size_t)config.vocab * sizeof *f.printed);
    bool ready =
        f.printed != NULL || fail(failure, EXIT_UNEXPECTED, "not enough memory to follow a story");
    ready = ready && read_story(&story, path, config, failure) &&
            transformer_init(&f.transformer, checkpoint, config.context, failure) &&
            sampler_init(&f.sampler, config.vocab, settings.temperature, settings.topp,
                         settings.seed, failure);
    f.other_mode = settings.mode != MODE_REFERENCE;
    if (ready && f.other_mode) {
        ready = scorer_init(&f.mode_scorer, model, settings.mode, settings.temperature, failure);
    }
    ready = ready && run_story(&f, &story, failure);
    scorer_free(&f.mode_scorer);
    transformer_free(&f.transformer);
    sampler_free(&f.sampler);
    free(f.printed);
    free(story.ids);
    return ready;
}
