// llama2.c's tokenizer (BPE by the highest-score merge): encode(), decode(), and tokenizer.bin.
#ifndef DUO_MODEL_TOKENIZER_H
#define DUO_MODEL_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

typedef struct Tokenizer Tokenizer;

// Read `path`, which must hold `vocab` pieces. NULL, and `failure`, where it does not.
Tokenizer *tokenizer_open(const char *path, int32_t vocab, Failure *failure);
// The same from the bytes of such a file; `path` is for messages.
Tokenizer *tokenizer_read(const char *path, const void *bytes, size_t size, int32_t vocab,
                          Failure *failure);
void tokenizer_close(Tokenizer *tokenizer);

// Ids of `text`, BOS first, as llama2.c's encode(); malloced, the caller frees. `count` gets their
// number. NULL, and `failure`, where the text is not UTF-8 or memory is short.
int32_t *tokenizer_encode(const Tokenizer *tokenizer, const char *text, size_t *count,
                          Failure *failure);

// The piece of `id` after `previous`: a leading space is dropped after BOS, <0xNN> is a byte.
// `length` gets its bytes. Lives as long as the tokenizer.
const char *tokenizer_decode(const Tokenizer *tokenizer, int32_t previous, int32_t id,
                             size_t *length);

#endif
