// duollama: llama2.c's command line, and the agent.
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "model.h"
#include "serve.h"
#include "teller.h"
#include "tokenizer.h"
#include "utf8.h"
#include "version.h"

static const char version[] = "duollama " DUO_VERSION "\n";

static const char usage[] =
    "usage: duollama MODEL [options]          tell a story\n"
    "       duollama serve MODEL [-z FILE]    speak duotui's frames on stdin and stdout\n"
    "\n"
    "MODEL is a llama2.c .bin file, version 0 (fp32) or 2 (int8).\n"
    "\n"
    "  -i TEXT            the start of the story\n"
    "  -t NUMBER          temperature, 0 is greedy (1.0)\n"
    "  -p NUMBER          top-p, 0 to 1; 0 and 1 switch it off (0.9)\n"
    "  -s NUMBER          seed; 0 takes the time (0)\n"
    "  -n NUMBER          steps; 0 is the model's whole context (256)\n"
    "  -z FILE            tokenizer (tokenizer.bin, here or beside the model)\n"
    "  -m generate        accepted as llama2.c has it; there is no chat\n"
    "  -y TEXT            accepted as llama2.c has it, for its chat\n"
    "  --mode reference   how to compute: plain fp32\n"
    "  --ids FILE         write the ids of the prompt and of the story\n"
    "  --compat-print     print the bytes that llama2.c prints\n"
    "  --version, --help\n";

typedef struct {
    const char *show;  // --version or --help: print this and do nothing else
    bool serve;
    const char *model_path, *tokenizer_path, *ids_path, *prompt;
    Settings settings;
    bool compat_print;
} Options;

// --- options

// The C library would also take blanks, hex, nan and inf.
static bool parse_number(const char *option, const char *text, double most, float *value,
                         Failure *failure) {
    char *end = NULL;
    double number = strtod(text, &end);
    bool plain = *text && !*end && text[strspn(text, "0123456789.eE+-")] == '\0';
    if (plain && number >= 0 && number <= most) {
        *value = (float)number;
        return true;
    }
    return most == 1 ? fail(failure, EXIT_USAGE, "%s is '%.100s'; give a number from 0 to 1",
                            option, text)
                     : fail(failure, EXIT_USAGE, "%s is '%.100s'; give a number from 0 on",
                            option, text);
}

static bool parse_whole(const char *option, const char *text, uint64_t most, uint64_t *value,
                        Failure *failure) {
    errno = 0;
    unsigned long long number = strtoull(text, NULL, 10);
    bool plain = *text && text[strspn(text, "0123456789")] == '\0';
    *value = number;
    if (plain && errno == 0 && number <= most) return true;
    return fail(failure, EXIT_USAGE, "%s is '%.100s'; give a whole number from 0 to %llu", option,
                text, (unsigned long long)most);
}

static bool parse_mode(const char *name, Mode *mode, Failure *failure) {
    if (strcmp(name, "reference") == 0) {
        *mode = MODE_REFERENCE;
        return true;
    }
    if (strcmp(name, "exact") == 0 || strcmp(name, "fast") == 0) {
        return fail(failure, EXIT_USAGE,
                    "mode %s is not in this build; use --mode reference or leave it out", name);
    }
    return fail(failure, EXIT_USAGE, "there is no mode '%.100s'; use --mode reference", name);
}

static bool takes_value(const char *option, bool serve) {
    static const char *const names[] = {"-z", "-i", "-t", "-p",     "-s",
                                        "-n", "-m", "-y", "--mode", "--ids"};
    size_t count = serve ? 1 : sizeof names / sizeof *names;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(option, names[i]) == 0) return true;
    }
    return false;
}

static bool parse_value(Options *o, const char *option, const char *value, Failure *failure) {
    uint64_t whole = 0;
    if (strcmp(option, "-i") == 0) {
        o->prompt = value;
    } else if (strcmp(option, "-z") == 0) {
        o->tokenizer_path = value;
    } else if (strcmp(option, "--ids") == 0) {
        o->ids_path = value;
    } else if (strcmp(option, "-t") == 0) {
        return parse_number(option, value, FLT_MAX, &o->settings.temperature, failure);
    } else if (strcmp(option, "-p") == 0) {
        return parse_number(option, value, 1, &o->settings.topp, failure);
    } else if (strcmp(option, "-s") == 0) {
        return parse_whole(option, value, UINT64_MAX, &o->settings.seed, failure);
    } else if (strcmp(option, "-n") == 0) {
        if (!parse_whole(option, value, UINT32_MAX, &whole, failure)) return false;
        o->settings.steps = (uint32_t)whole;
    } else if (strcmp(option, "--mode") == 0) {
        return parse_mode(value, &o->settings.mode, failure);
    } else if (strcmp(option, "-m") == 0 && strcmp(value, "generate") != 0) {
        return fail(failure, EXIT_USAGE, "-m is '%.100s' but only generate is here; leave it out",
                    value);
    }
    return true;
}

static bool parse_options(Options *o, char **arguments, Failure *failure) {
    *o = (Options){
        .prompt = "",
        .settings = {.steps = 256, .temperature = 1.0f, .topp = 0.9f},
    };
    if (*arguments && strcmp(*arguments, "serve") == 0) {
        o->serve = true;
        arguments++;
    }
    for (; *arguments; arguments++) {
        const char *argument = *arguments;
        if (argument[0] != '-') {
            if (o->model_path) {
                return fail(failure, EXIT_USAGE,
                            "'%.100s' is a second model; give one, and the prompt with -i", argument);
            }
            o->model_path = argument;
        } else if (strcmp(argument, "--version") == 0 || strcmp(argument, "--help") == 0) {
            o->show = argument[2] == 'v' ? version : usage;
            return true;
        } else if (strcmp(argument, "--compat-print") == 0 && !o->serve) {
            o->compat_print = true;
        } else if (!takes_value(argument, o->serve)) {
            return fail(failure, EXIT_USAGE, "there is no option '%.100s'; see duollama --help",
                        argument);
        } else if (!arguments[1]) {
            return fail(failure, EXIT_USAGE, "%s needs a value; see duollama --help", argument);
        } else if (!parse_value(o, argument, *++arguments, failure)) {
            return false;
        }
    }
    if (!o->model_path) {
        return fail(failure, EXIT_USAGE, "no model is given; see duollama --help");
    }
    if (o->settings.seed == 0) o->settings.seed = (uint64_t)time(NULL);
    return true;
}

// llama2.c's tokenizer.bin in the current directory; if there is none, the one beside the model.
// Malloced; NULL where memory is short.
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

// --- the story

// A token's text as llama2.c prints it: bytes that are not ASCII text are lost where a token is
// one of them alone.
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

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// The story on stdout, its ids on `ids` where that is not NULL, the speed on stderr.
static bool print_story(Teller *teller, bool compat, FILE *ids, Failure *failure) {
    if (ids) {
        size_t count;
        const int32_t *prompt = teller_prompt(teller, &count);
        fputs("prompt:", ids);
        for (size_t i = 0; i < count; i++) fprintf(ids, " %d", prompt[i]);
        fputs("\nout:", ids);
    }
    Utf8Stream stream = {0};
    Next next;
    int64_t steps = 0;
    double start = 0;
    while (teller_next(teller, &next)) {
        steps++;
        if (ids) fprintf(ids, " %d", next.id);
        if (next.id == TOKEN_BOS) break;
        if (compat) print_compat(next.text, next.length);
        else print_clean(&stream, next.text, next.length);
        if (!flush_story(failure)) return false;
        // The first step warms up, as in llama2.c: it reads the model from the disk.
        if (steps == 1) start = seconds();
    }
    double elapsed = seconds() - start;

    char out[UTF8_ROOM(0)];
    fwrite(out, 1, utf8_end(&stream, out), stdout);
    putchar('\n');
    if (ids) fputc('\n', ids);
    if (!flush_story(failure)) return false;
    if (steps > 1) fprintf(stderr, "achieved tok/s: %f\n", (double)(steps - 1) / elapsed);
    return true;
}

static bool tell(const Options *o, const Model *model, const Tokenizer *tokenizer,
                 Failure *failure) {
    Teller *teller = teller_new(model, tokenizer, o->settings, o->prompt, failure);
    if (!teller) return false;
    FILE *ids = NULL;
    bool told = false;
    if (o->ids_path && !(ids = fopen(o->ids_path, "w"))) {
        fail(failure, EXIT_USAGE, "cannot write the ids to '%.200s': %s; name another file",
             o->ids_path, strerror(errno));
    } else {
        told = print_story(teller, o->compat_print, ids, failure);
    }
    if (ids && !close_ids(ids, o->ids_path, told ? failure : &(Failure){0})) told = false;
    teller_free(teller);
    return told;
}

static bool run(const Options *o, const char *tokenizer_path, Failure *failure) {
    Model model;
    if (!model_open(&model, o->model_path, failure)) return false;
    Tokenizer *tokenizer = tokenizer_open(tokenizer_path, model.shape.vocab, failure);
    bool done = tokenizer && tell(o, &model, tokenizer, failure);
    tokenizer_close(tokenizer);
    model_close(&model);
    return done;
}

static bool start(char **arguments, int *status, Failure *failure) {
    Options options;
    if (!parse_options(&options, arguments, failure)) return false;
    if (options.show) {
        fputs(options.show, stdout);
        return flush_story(failure);
    }
    char *found = NULL;
    const char *tokenizer_path = options.tokenizer_path;
    if (!tokenizer_path) tokenizer_path = found = find_tokenizer(options.model_path);
    bool done = false;
    if (!tokenizer_path) {
        fail(failure, EXIT_UNEXPECTED, "not enough memory to start; close other programs");
    } else if (options.serve) {
        *status = serve_run(options.model_path, tokenizer_path);
        done = true;
    } else {
        done = run(&options, tokenizer_path, failure);
    }
    free(found);
    return done;
}

int main(int argc, char **argv) {
    // Were one of these closed, a file opened later would take its number and get the story.
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
        if (fcntl(descriptor, F_GETFD) < 0) open("/dev/null", O_RDONLY);
    }
    signal(SIGPIPE, SIG_IGN);  // a closed pipe is a write error, which has its line
    Failure failure;
    int status = EXIT_OK;
    if (!start(argc > 0 ? argv + 1 : argv, &status, &failure)) {
        fprintf(stderr, "duollama: %s\n", failure.text);
        return failure.status;
    }
    return status;
}
