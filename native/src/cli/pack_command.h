// duollama pack: a model file and its tokenizer into one .duo file.
#ifndef DUO_PACK_FILE_H
#define DUO_PACK_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

// For `modes` (PACKED_EXACT, PACKED_FAST), into `out`, or, where that is NULL, beside the model with
// the ending .duo. Prints where it went. Deterministic: the same files give the same bytes.
bool pack_file(const char *model, const char *tokenizer, uint32_t modes, const char *out,
               Failure *failure);

#endif
