// The vocabulary of a llama2.c tokenizer.bin: the piece of text and the merge score of each id.
#ifndef DUO_MODEL_VOCAB_H
#define DUO_MODEL_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

// Pieces are C strings as in llama2.c: a NUL in one ends it. 8 bytes each, to save the board's
// memory.
typedef struct {
    uint32_t start;  // in texts
    float score;
} Piece;

typedef struct {
    int32_t count;    // pieces
    size_t longest;   // bytes of the longest piece
    Piece *scored;    // (count) by id
    int32_t *sorted;  // (count) ids, sorted by text, then id
    char *texts;      // all pieces, each with its NUL
} Vocab;

// Parse the bytes of a tokenizer.bin, which must hold `count` pieces; `path` is for messages.
// False, and `failure`, where they are none. Call vocab_free() in either case.
bool vocab_read(Vocab *vocab, const char *path, const void *bytes, size_t size, int32_t count,
                Failure *failure);
void vocab_free(Vocab *vocab);

static inline const char *vocab_text(const Vocab *v, int32_t id) {
    return v->texts + v->scored[id].start;
}

// The id of `text`, or -1: llama2.c's str_lookup(). Of equal pieces it is the one that glibc's
// bsearch() finds.
int32_t vocab_find(const Vocab *vocab, const char *text);

// Fail with "the tokenizer ... `what`" and what to do. Returns false.
bool vocab_refuse(const char *path, const char *what, Failure *failure);

#endif
