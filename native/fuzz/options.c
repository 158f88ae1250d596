// A command line: arguments that end with a newline or a NUL.
#include "cli/options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

enum { MAX_ARGUMENTS = 64 };

static void check(const Options *o) {
    if (o->show) return;
    const Settings *s = &o->settings;
    MUST(o->model_path || o->command == COMMAND_MEMBENCH);
    MUST(o->prompt && s->seed != 0 && o->modes != 0);
    MUST(o->command <= COMMAND_MEMBENCH && s->mode <= MODE_FAST);
    MUST(s->temperature >= 0.0f && isfinite(s->temperature) && s->topp >= 0.0f && s->topp <= 1.0f);
    MUST(s->prefill >= 0 && s->drafts >= -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > MAX_INPUT) return 0;
    char *text = malloc(size + 1), *arguments[MAX_ARGUMENTS + 1];
    MUST(text != NULL);
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    int count = 0;
    for (size_t at = 0; at < size && count < MAX_ARGUMENTS; at += strlen(text + at) + 1) {
        arguments[count++] = text + at;
        text[at + strcspn(text + at, "\n")] = '\0';
    }
    arguments[count] = NULL;
    Options options;
    Failure failure = {0};
    if (options_parse(&options, arguments, &failure)) check(&options);
    else must_say(&failure);
    free(text);
    return 0;
}
