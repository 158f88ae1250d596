#include "score.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "choose.h"
#include "layers.h"
#include "transformer.h"

enum { BOS = 1 };

// What the step after `token` at `position` makes of it.
typedef struct {
    Shape shape;
    Transformer transformer;  // mode reference
    Layers layers;            // the others
    Chooser greedy, even;     // at temperature 0 and 1
    Precision precision;
    float *value;             // (2, tiles * TILE)
} Scorer;

static bool init(Scorer *s, Weights *weights, Mode mode, Failure *failure) {
    int32_t context = weights->shape.context;
    *s = (Scorer){.shape = weights->shape, .precision = mode == MODE_EXACT ? PRECISE : DRAFT};
    if (mode == MODE_REFERENCE) {
        const Model *model = weights_model(weights, failure);
        return model && transformer_init(&s->transformer, model, context, failure);
    }
    const Packed *p = weights_packed(weights, mode, failure);
    const Simd *simd = simd_choose(NULL);
    if (!p || !layers_init(&s->layers, p, simd, mode == MODE_FAST, context, failure) ||
        !chooser_init(&s->greedy, &p->head, simd, 0.0f, 0.0f, failure) ||
        !chooser_init(&s->even, &p->head, simd, 1.0f, 0.0f, failure)) {
        return false;
    }
    s->greedy.certify = mode == MODE_EXACT;
    s->value = malloc(2 * (size_t)p->head.tiles * TILE * sizeof *s->value);
    return s->value || fail(failure, EXIT_UNEXPECTED, "not enough memory to score a story");
}

static void done(Scorer *s) {
    transformer_free(&s->transformer);
    layers_free(&s->layers);
    chooser_free(&s->greedy);
    chooser_free(&s->even);
    free(s->value);
}

static void judge_all(const Scorer *s, const float *logits, int32_t id, int32_t *best,
                      double *nats) {
    double sum = 0.0;
    *best = 0;
    for (int32_t i = 1; i < s->shape.vocab; i++) {
        if (logits[i] > logits[*best]) *best = i;
    }
    for (int32_t i = 0; i < s->shape.vocab; i++) sum += exp((double)(logits[i] - logits[*best]));
    *nats = log(sum) - (double)(logits[id] - logits[*best]);
}

static bool step(Scorer *s, int32_t token, int32_t position, int32_t id, int32_t *best,
                 double *nats, Failure *failure) {
    if (s->transformer.memory) {
        judge_all(s, transformer_step(&s->transformer, token, position, true), id, best, nats);
        return true;
    }
    Layers *l = &s->layers;
    const Head *head = &l->packed->head;
    if (!layers_run(l, s->precision, &token, 1, position, failure)) return false;
    Probe probe = {.x = l->normed, .quantised = l->quantised[0]};
    head_probe(head, l->simd, &probe);
    int64_t slots = (int64_t)head->tiles * TILE;
    l->simd->screen(s->value, slots, head->coarse, head->tiles, head->groups, l->quantised, 1);
    memcpy(s->value + slots, s->value, (size_t)slots * sizeof *s->value);
    *best = 0;
    Outcome outcome = choose(&s->greedy, &probe, s->value, 0.0f, best, NULL);
    if (outcome == OPEN) *best = head->ids[0];  // only where logits are no numbers
    *nats = -log((double)chooser_probability(&s->even, &probe, s->value + slots, id, true));
    return true;
}

// One line of the file, up to the context; `line` is cut into words.
static bool score_line(Scorer *s, const char *path, char *line, FILE *out, Failure *failure) {
    int32_t token = BOS, position = 0;
    for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
        char *end;
        long id = strtol(word, &end, 10);
        if (*end || id < 0 || id >= s->shape.vocab) {
            return fail(failure, EXIT_USAGE, "'%.100s' in '%.100s' is no id of this model; give "
                        "lines of ids", word, path);
        }
        if (position == s->shape.context) break;
        int32_t best;
        double nats;
        if (!step(s, token, position, (int32_t)id, &best, &nats, failure)) return false;
        fprintf(out, "%s%d:%.6f", position ? " " : "", best, nats);
        token = (int32_t)id;
        position++;
    }
    fputc('\n', out);
    return true;
}

enum { MOST_LINE = 1 << 20 };

bool score_file(Weights *weights, Mode mode, const char *path, FILE *out, Failure *failure) {
    FILE *file = fopen(path, "r");
    if (!file) {
        return fail(failure, EXIT_USAGE, "cannot read '%.200s': %s; give lines of ids", path,
                    strerror(errno));
    }
    char *line = malloc(MOST_LINE);
    Scorer s = {0};
    bool scored = line ? init(&s, weights, mode, failure)
                       : fail(failure, EXIT_UNEXPECTED, "not enough memory to score a story");
    while (scored && fgets(line, MOST_LINE, file)) {
        scored = score_line(&s, path, line, out, failure);
    }
    done(&s);
    free(line);
    fclose(file);
    return scored;
}
