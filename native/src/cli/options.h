// The command line: llama2.c's, and ours.
#ifndef DUO_OPTIONS_H
#define DUO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "infer/generator.h"

typedef enum { COMMAND_TELL, COMMAND_SERVE, COMMAND_PACK, COMMAND_INSPECT,
               COMMAND_BANDWIDTH } Command;

typedef struct {
    const char *show;  // --version or --help: print this and do nothing else
    Command command;
    const char *model_path, *tokenizer_path, *ids_path, *out_path, *score_path, *follow_path, *prompt,
        *voice, *ear;
    Settings settings;
    uint32_t modes;    // to pack for
    int32_t likely;    // ids beside each step that is followed
    bool compat_print, statistics;
} Options;

// `arguments` end with NULL and do not hold the program's name. False, and `failure`, where one of
// them is not known or has no such value.
bool options_parse(Options *options, char **arguments, Failure *failure);

#endif
