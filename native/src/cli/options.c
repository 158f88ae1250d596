#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/version.h"
#include "infer/quant_transformer.h"

static const char version[] = "duollama " DUO_VERSION "\n";

static const char usage[] =
    "usage: duollama MODEL [options]          tell a story\n"
    "       duollama serve MODEL [-z FILE] [--voice PROGRAM] [--ear PROGRAM]\n"
    "                                         speak duotui's frames on stdin and stdout\n"
    "       duollama pack MODEL -o FILE [-z FILE] [--modes exact,fast]\n"
    "       duollama inspect FILE             what a packed model holds and costs\n"
    "       duollama bandwidth                how fast memory is read, copied and filled here\n"
    "\n"
    "MODEL is a llama2.c .bin file, version 0 (fp32) or 2 (int8), or a packed .duo file.\n"
    "\n"
    "  -i TEXT            the start of the story\n"
    "  -t NUMBER          temperature, 0 or less is greedy (1.0)\n"
    "  -p NUMBER          top-p; 0 and 1 switch it off; less or more is 0.9, as in run.c (0.9)\n"
    "  -s NUMBER          seed as run.c reads it, in 32 bits with a sign; 0 takes the time (0)\n"
    "  --seed NUMBER      seed in 64 bits\n"
    "  -n NUMBER          steps; 0 or less is the model's whole context (256)\n"
    "  -z FILE            tokenizer (the .duo file's own; tokenizer.bin, here or beside a .bin)\n"
    "  -m generate        accepted as llama2.c has it; there is no chat\n"
    "  -y TEXT            accepted as llama2.c has it, for its chat\n"
    "  --mode MODE        how to compute (reference):\n"
    "       reference       plain fp32, as llama2.c does\n"
    "       exact           the same ids from a third of the memory\n"
    "       fast            int8: another story, less memory still\n"
    "  --ids FILE         write the ids of the prompt and of the story\n"
    "  --compat-print     print the bytes that llama2.c prints\n"
    "  --score FILE       judge the stories in FILE, a line of ids each, instead of telling\n"
    "  --follow FILE      say what reference would have taken at each step of a story (its --ids)\n"
    "  --likely N         and the N likeliest ids there, with their probabilities (0)\n"
    "  --statistics       what the modes exact and fast read, on stderr\n"
    "  --kernels NAME     instructions to compute with (the best ones that are here)\n"
    "  --prefill N        tokens of the prompt at once, 1 to 16 (16)\n"
    "  --drafts N         of mode exact at once, at most; 0 for none (as many as pay)\n"
    "  --voice PROGRAM    says aloud what the host asks for: a sentence on its stdin\n"
    "  --ear PROGRAM      records for the host: 16000 samples a second of 16 bit, on its stdout\n"
    "  --version, --help\n";

// Stricter than run.c's atof(), which accepts blanks, hex, nan, inf and words.
static bool parse_number(const char *option, const char *text, double *value, Failure *failure) {
    char *end = NULL;
    *value = strtod(text, &end);
    bool digits = *text && !*end && text[strspn(text, "0123456789.eE+-")] == '\0';
    if (digits && *value <= MAX_TEMPERATURE) return true;
    return fail(failure, EXIT_USAGE, "%s is '%.100s'; give a number", option, text);
}

// run.c takes a negative temperature for 0.
static bool parse_temperature(const char *text, float *value, Failure *failure) {
    double number = 0;
    if (!parse_number("-t", text, &number, failure)) return false;
    *value = number < 0 ? 0.0f : (float)number;
    return true;
}

// run.c takes a top-p outside 0 to 1 for 0.9.
static bool parse_top_p(const char *text, float *value, Failure *failure) {
    double number = 0;
    if (!parse_number("-p", text, &number, failure)) return false;
    *value = number < 0 || number > MAX_TOP_P ? 0.9f : (float)number;
    return true;
}

static bool parse_integer(const char *option, const char *text, uint64_t most, uint64_t *value,
                          Failure *failure) {
    errno = 0;
    unsigned long long number = strtoull(text, NULL, 10);
    bool digits = *text && text[strspn(text, "0123456789")] == '\0';
    *value = number;
    if (digits && errno == 0 && number <= most) return true;
    return fail(failure, EXIT_USAGE, "%s is '%.100s'; give a whole number from 0 to %llu", option,
                text, (unsigned long long)most);
}

// The seed of run.c's atoi(): glibc's strtol() stops at 64 bits, an int takes the lower 32 of them,
// and run.c widens that with its sign.
static bool parse_seed(const char *text, uint64_t *seed, Failure *failure) {
    const char *digits = text + (*text == '-' || *text == '+');
    if (!*digits || digits[strspn(digits, "0123456789")]) {
        return fail(failure, EXIT_USAGE, "-s is '%.100s'; give a whole number", text);
    }
    *seed = (uint64_t)(int32_t)(uint32_t)strtoll(text, NULL, 10);
    return true;
}

// run.c takes negative steps for 0.
static bool parse_steps(const char *text, uint32_t *steps, Failure *failure) {
    uint64_t number = 0;
    bool negative = *text == '-';
    if (!parse_integer("-n", text + negative, MAX_STEPS, &number, failure)) return false;
    *steps = negative ? 0 : (uint32_t)number;
    return true;
}

static bool parse_mode(const char *name, Mode *mode, Failure *failure) {
    static const char *const names[] = {"reference", "exact", "fast"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            *mode = (Mode)i;
            return true;
        }
    }
    return fail(failure, EXIT_USAGE, "there is no mode '%.100s'; use reference, exact or fast",
                name);
}

static bool parse_modes(const char *names, uint32_t *modes, Failure *failure) {
    *modes = strcmp(names, "exact,fast") == 0 || strcmp(names, "fast,exact") == 0
                 ? PACKED_EXACT | PACKED_FAST
             : strcmp(names, "exact") == 0 ? PACKED_EXACT
             : strcmp(names, "fast") == 0  ? PACKED_FAST
                                           : 0;
    if (*modes) return true;
    return fail(failure, EXIT_USAGE, "--modes is '%.100s'; give exact,fast or one of them", names);
}

static bool parse_simd(const char *name, const Simd **simd, Failure *failure) {
    *simd = simd_choose(name);
    if (*simd) return true;
    char known[64] = "";
    for (const char *const *names = simd_names(); *names; names++) {
        size_t length = strlen(known);
        snprintf(known + length, sizeof known - length, "%s%s", length ? ", " : "", *names);
    }
    return fail(failure, EXIT_USAGE, "there are no kernels '%.100s' here; use one of %s", name,
                known);
}

// The options of each command that take a value, and the flags.
static const char *const options_with_value[][20] = {
    [COMMAND_GENERATE] = {"-z", "-i", "-t", "-p", "-s", "-n", "-m", "-y", "--seed", "--mode",
                          "--ids", "--kernels", "--prefill", "--drafts", "--score", "--follow",
                          "--likely"},
    [COMMAND_SERVE] = {"-z", "--voice", "--ear"},
    [COMMAND_PACK] = {"-z", "-o", "--modes"},
    [COMMAND_INSPECT] = {NULL},
    [COMMAND_MEMBENCH] = {NULL},
};
static const char *const flags[][4] = {
    [COMMAND_GENERATE] = {"--compat-print", "--statistics"},
    [COMMAND_SERVE] = {NULL},
    [COMMAND_PACK] = {NULL},
    [COMMAND_INSPECT] = {NULL},
    [COMMAND_MEMBENCH] = {NULL},
};

static bool is_one_of(const char *option, const char *const *names) {
    for (; *names; names++) {
        if (strcmp(option, *names) == 0) return true;
    }
    return false;
}

static bool parse_value(Options *o, const char *option, const char *value, Failure *failure) {
    uint64_t number = 0;
    if (strcmp(option, "-i") == 0) {
        o->prompt = value;
    } else if (strcmp(option, "-z") == 0) {
        o->tokenizer_path = value;
    } else if (strcmp(option, "--voice") == 0) {
        o->voice = value;
    } else if (strcmp(option, "--ear") == 0) {
        o->ear = value;
    } else if (strcmp(option, "--ids") == 0) {
        o->ids_path = value;
    } else if (strcmp(option, "-t") == 0) {
        return parse_temperature(value, &o->settings.temperature, failure);
    } else if (strcmp(option, "-p") == 0) {
        return parse_top_p(value, &o->settings.topp, failure);
    } else if (strcmp(option, "-s") == 0) {
        return parse_seed(value, &o->settings.seed, failure);
    } else if (strcmp(option, "--seed") == 0) {
        return parse_integer(option, value, MAX_SEED, &o->settings.seed, failure);
    } else if (strcmp(option, "-n") == 0) {
        return parse_steps(value, &o->settings.steps, failure);
    } else if (strcmp(option, "--mode") == 0) {
        return parse_mode(value, &o->settings.mode, failure);
    } else if (strcmp(option, "--modes") == 0) {
        return parse_modes(value, &o->modes, failure);
    } else if (strcmp(option, "--score") == 0) {
        o->score_path = value;
    } else if (strcmp(option, "--follow") == 0) {
        o->follow_path = value;
    } else if (strcmp(option, "--likely") == 0) {
        if (!parse_integer(option, value, 100, &number, failure)) return false;
        o->likely = (int32_t)number;
    } else if (strcmp(option, "-o") == 0) {
        o->out_path = value;
    } else if (strcmp(option, "--kernels") == 0) {
        return parse_simd(value, &o->settings.simd, failure);
    } else if (strcmp(option, "--prefill") == 0) {
        if (!parse_integer(option, value, BATCH, &number, failure)) return false;
        o->settings.prefill = (int32_t)number;
    } else if (strcmp(option, "--drafts") == 0) {
        if (!parse_integer(option, value, 64, &number, failure)) return false;
        o->settings.drafts = number > 0 ? (int32_t)number : -1;
    } else if (strcmp(option, "-m") == 0 && strcmp(value, "generate") != 0) {
        return fail(failure, EXIT_USAGE, "-m is '%.100s' but only generate is here; leave it out",
                    value);
    }
    return true;
}

bool options_parse(Options *o, char **arguments, Failure *failure) {
    *o = (Options){
        .prompt = "",
        .settings = {.steps = 256, .temperature = 1.0f, .topp = 0.9f},
        .modes = PACKED_EXACT | PACKED_FAST,
    };
    static const char *const commands[] = {"", "serve", "pack", "inspect", "bandwidth"};
    for (Command command = COMMAND_SERVE; *arguments && command <= COMMAND_MEMBENCH; command++) {
        if (strcmp(*arguments, commands[command]) == 0) {
            o->command = command;
            arguments++;
            break;
        }
    }
    for (; *arguments; arguments++) {
        const char *argument = *arguments;
        if (argument[0] != '-') {
            if (o->command == COMMAND_MEMBENCH) {
                return fail(failure, EXIT_USAGE, "'%.100s' is too much: bandwidth needs no model",
                            argument);
            }
            if (o->model_path) {
                return fail(failure, EXIT_USAGE,
                            "'%.100s' is a second model; give one, and the prompt with -i",
                            argument);
            }
            o->model_path = argument;
        } else if (strcmp(argument, "--version") == 0 || strcmp(argument, "--help") == 0) {
            o->show = argument[2] == 'v' ? version : usage;
            return true;
        } else if (is_one_of(argument, flags[o->command])) {
            if (argument[2] == 'c') o->compat_print = true;
            else o->statistics = true;
        } else if (!is_one_of(argument, options_with_value[o->command])) {
            return fail(failure, EXIT_USAGE, "there is no option '%.100s'; see duollama --help",
                        argument);
        } else if (!arguments[1]) {
            return fail(failure, EXIT_USAGE, "%s needs a value; see duollama --help", argument);
        } else if (!parse_value(o, argument, *++arguments, failure)) {
            return false;
        }
    }
    if (!o->model_path && o->command != COMMAND_MEMBENCH) {
        return fail(failure, EXIT_USAGE, "no model is given; see duollama --help");
    }
    if (o->settings.seed == 0) o->settings.seed = (uint64_t)time(NULL);
    return true;
}
