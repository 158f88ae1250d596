// duollama: llama2.c's command line, the agent and the model tools. Prints errors and chooses the
// exit status (docs/exit-statuses.md); the agent does so for itself.
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/failure.h"
#include "base/utf8.h"
#include "cli/inspect.h"
#include "cli/membench.h"
#include "cli/options.h"
#include "cli/pack_command.h"
#include "infer/generator.h"
#include "infer/perplexity.h"
#include "infer/teacher_forcing.h"
#include "model/model.h"
#include "model/packed_io.h"
#include "model/tokenizer.h"
#include "pack/pack.h"

// tokenizer.bin in the current directory, as in llama2.c, else the one beside the model. Malloced;
// NULL where memory is short.
static char *find_tokenizer(const char *model_path) {
    static const char name[] = "tokenizer.bin";
    const char *slash = strrchr(model_path, '/');
    size_t folder = slash && access(name, F_OK) != 0 ? (size_t)(slash - model_path) + 1 : 0;
    char *path = malloc(folder + sizeof name);
    if (!path) return NULL;
    memcpy(path, model_path, folder);
    memcpy(path + folder, name, sizeof name);
    return path;
}

// llama2.c's safe_printf(): drops a token that is a single byte and not printable.
static void print_compat(const char *text, size_t length) {
    unsigned char c = (unsigned char)text[0];
    bool printable = (c >= 0x20 && c < 0x7F) || (c >= '\t' && c <= '\r');
    if (length != 1 || printable) fwrite(text, 1, length, stdout);
}

static void print_clean(Utf8Stream *stream, const char *text, size_t length) {
    char out[UTF8_ROOM(64)];
    while (length > 0) {
        size_t part = length < 64 ? length : 64;
        fwrite(out, 1, utf8_push(stream, text, part, out), stdout);
        text += part;
        length -= part;
    }
}

static bool flush_story(Failure *failure) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return true;
    return fail(failure, EXIT_UNEXPECTED, "cannot write the story: %s; check where it goes",
                strerror(errno));
}

static bool close_ids(FILE *ids, const char *path, Failure *failure) {
    bool written = !ferror(ids);
    if (fclose(ids) == 0 && written) return true;
    return fail(failure, EXIT_UNEXPECTED, "cannot write the ids to '%.200s': %s; check the disk",
                path, strerror(errno));
}

// Print the story on stdout, its ids on `ids` if that is not NULL, and the speed on stderr.
static bool print_story(Generator *generator, bool compat, FILE *ids, Failure *failure) {
    if (ids) {
        size_t count;
        const int32_t *prompt = generator_prompt(generator, &count);
        fputs("prompt:", ids);
        for (size_t i = 0; i < count; i++) fprintf(ids, " %d", prompt[i]);
        fputs("\nout:", ids);
    }
    Utf8Stream stream = {0};
    Step step;
    int64_t steps = 0, warmup = generator_warmup(generator);
    uint64_t start = 0;
    while (generator_step(generator, &step)) {
        steps++;
        if (ids) fprintf(ids, " %d", step.id);
        if (step.id == TOKEN_BOS) break;
        if (compat) print_compat(step.text, step.length);
        else print_clean(&stream, step.text, step.length);
        if (!flush_story(failure)) return false;
        if (steps == warmup) start = clock_now();
    }
    double elapsed = (double)(clock_now() - start) / 1e6;
    if (generator_failure(generator)) *failure = *generator_failure(generator);

    char out[UTF8_ROOM(0)];
    fwrite(out, 1, utf8_end(&stream, out), stdout);
    putchar('\n');
    if (ids) fputc('\n', ids);
    if (!flush_story(failure)) return false;
    if (generator_failure(generator)) return false;
    if (steps > warmup) {
        fprintf(stderr, "achieved tok/s: %f\n", (double)(steps - warmup) / elapsed);
    }
    return true;
}

static void print_statistics(const Generator *generator) {
    DecodeStats e;
    if (!generator_stats(generator, &e)) return;
    double tokens = e.tokens ? (double)e.tokens : 1.0;
    fprintf(stderr, "tokens decoded: %llu\n", (unsigned long long)e.tokens);
    fprintf(stderr, "weight bytes per token: %.0f (layers %.0f, classifier %.0f)\n",
            (double)(e.layer_bytes + e.head_bytes) / tokens, (double)e.layer_bytes / tokens,
            (double)e.head_bytes / tokens);
    fprintf(stderr, "rows per choice: %.1f screened, %.1f bounded, %.1f in 8 bits, %.1f in fp32\n",
            (double)e.counters.screened / tokens, (double)e.counters.bounded / tokens,
            (double)e.counters.fine / tokens, (double)e.counters.exact / tokens);
    fprintf(stderr, "drafts: %llu made, %llu told\n", (unsigned long long)e.drafted,
            (unsigned long long)e.accepted);
    fprintf(stderr, "choices made from all rows in fp32: %llu\n",
            (unsigned long long)e.counters.undecidable);
}

static bool generate_story(const Options *o, Model *model, const Tokenizer *tokenizer,
                           Failure *failure) {
    Generator *generator = generator_new(model, tokenizer, o->settings, o->prompt, failure);
    if (!generator) return false;
    FILE *ids = NULL;
    bool generated = false;
    if (o->ids_path && !(ids = fopen(o->ids_path, "w"))) {
        fail(failure, EXIT_USAGE, "cannot write the ids to '%.200s': %s; name another file",
             o->ids_path, strerror(errno));
    } else {
        generated = print_story(generator, o->compat_print, ids, failure);
    }
    if (ids && !close_ids(ids, o->ids_path, generated ? failure : &(Failure){0})) generated = false;
    if (o->statistics) print_statistics(generator);
    generator_free(generator);
    return generated;
}

static bool run_model(const Options *o, const char *tokenizer_path, Failure *failure) {
    Model model;
    if (!model_open(&model, o->model_path, pack_checkpoint, failure)) return false;
    Tokenizer *tokenizer = model_tokenizer(&model, tokenizer_path, failure);
    bool succeeded = tokenizer != NULL;
    if (succeeded && o->follow_path) {
        succeeded = teacher_forcing_file(&model, tokenizer, o->settings, o->follow_path, o->likely,
                                         stdout, failure) &&
                    flush_story(failure);
    } else if (succeeded && o->score_path) {
        succeeded = perplexity_file(&model, o->settings.mode, o->score_path, stdout, failure) &&
                    flush_story(failure);
    } else if (succeeded) {
        succeeded = generate_story(o, &model, tokenizer, failure);
    }
    tokenizer_close(tokenizer);
    model_close(&model);
    return succeeded;
}

static bool run_command(char **arguments, int *status, Failure *failure) {
    Options options;
    if (!options_parse(&options, arguments, failure)) return false;
    if (options.show) {
        fputs(options.show, stdout);
        return flush_story(failure);
    }
    if (options.command == COMMAND_INSPECT) return inspect(options.model_path, failure);
    if (options.command == COMMAND_MEMBENCH) {
        return membench_run(stdout, failure) && flush_story(failure);
    }

    char *found = NULL;
    const char *tokenizer_path = options.tokenizer_path;
    // A packed model contains its tokenizer.
    bool wanted = !tokenizer_path && !is_packed_file(options.model_path);
    if (wanted) tokenizer_path = found = find_tokenizer(options.model_path);
    bool succeeded = false;
    if (wanted && !found) {
        fail(failure, EXIT_UNEXPECTED, "not enough memory to start; close other programs");
    } else if (options.command == COMMAND_PACK) {
        succeeded = pack_command(options.model_path, tokenizer_path, options.modes,
                                 options.out_path, failure);
    } else if (options.command == COMMAND_SERVE) {
        *status = agent_run(options.model_path, tokenizer_path, options.voice, options.ear);
        succeeded = true;
    } else {
        succeeded = run_model(&options, tokenizer_path, failure);
    }
    free(found);
    return succeeded;
}

int main(int argc, char **argv) {
    // If one of these is closed, a file that is opened later gets its number, and the output.
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
        if (fcntl(descriptor, F_GETFD) < 0) open("/dev/null", O_RDONLY);
    }
    signal(SIGPIPE, SIG_IGN);  // a closed pipe becomes a write error, which is reported
    Failure failure;
    int status = EXIT_OK;
    if (!run_command(argc > 0 ? argv + 1 : argv, &status, &failure)) {
        fprintf(stderr, "duollama: %s\n", failure.text);
        return failure.status;
    }
    return status;
}
