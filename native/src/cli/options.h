// Parses the command line: llama2.c's options and this engine's.
#ifndef DUO_CLI_OPTIONS_H
#define DUO_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "infer/generator.h"

typedef enum {
    COMMAND_GENERATE,
    COMMAND_SERVE,
    COMMAND_PACK,
    COMMAND_INSPECT,
    COMMAND_MEMBENCH
} Command;

typedef struct {
    const char *show;  // --version or --help: print this and do nothing else
    Command command;
    const char *model_path, *tokenizer_path, *ids_path, *out_path, *score_path, *follow_path,
        *prompt, *voice, *ear;
    Settings settings;
    uint32_t modes;  // of pack: PACKED_EXACT, PACKED_FAST
    int32_t likely;  // ids that --follow prints at each step
    bool compat_print, statistics;
} Options;

// `arguments` end with NULL and begin after the program's name. False, and `failure`, for an
// unknown option or a bad value.
bool options_parse(Options *options, char **arguments, Failure *failure);

#endif
