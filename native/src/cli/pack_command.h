// duollama pack: packs a checkpoint and its tokenizer into one .duo file.
#ifndef DUO_CLI_PACK_COMMAND_H
#define DUO_CLI_PACK_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

// Pack for `modes` (PACKED_EXACT, PACKED_FAST) into `out`; NULL: beside the model, with the suffix
// .duo. Prints the path. Deterministic. False, and `failure`, where a file is bad or cannot be
// written.
bool pack_command(const char *model, const char *tokenizer, uint32_t modes, const char *out,
                  Failure *failure);

#endif
