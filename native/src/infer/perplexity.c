#include "infer/perplexity.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "infer/scorer.h"

enum { BOS = 1 };

// Score one line of the file, up to the context; `line` is modified.
static bool score_line(Scorer *s, const char *path, char *line, FILE *out, Failure *failure) {
    int32_t token = BOS, position = 0;
    for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
        char *end;
        long id = strtol(word, &end, 10);
        if (*end || id < 0 || id >= s->config.vocab) {
            return fail(failure, EXIT_USAGE,
                        "'%.100s' in '%.100s' is no id of this model; give "
                        "lines of ids",
                        word, path);
        }
        if (position == s->config.context) break;
        int32_t best;
        if (!scorer_step(s, token, position, &best, failure)) return false;
        double nats = scorer_nats(s, (int32_t)id);
        fprintf(out, "%s%d:%.6f", position ? " " : "", best, nats);
        token = (int32_t)id;
        position++;
    }
    fputc('\n', out);
    return true;
}

enum { MAX_LINE = 1 << 20 };

bool perplexity_file(Model *model, Mode mode, const char *path, FILE *out, Failure *failure) {
    FILE *file = fopen(path, "r");
    if (!file) {
        return fail(failure, EXIT_USAGE, "cannot read '%.200s': %s; give lines of ids", path,
                    strerror(errno));
    }
    char *line = malloc(MAX_LINE);
    Scorer s = {0};
    bool scored = line ? scorer_init(&s, model, mode, 1.0f, failure)
                       : fail(failure, EXIT_UNEXPECTED, "not enough memory to score a story");
    while (scored && fgets(line, MAX_LINE, file)) {
        scored = score_line(&s, path, line, out, failure);
    }
    scorer_free(&s);
    free(line);
    fclose(file);
    return scored;
}
