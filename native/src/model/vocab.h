// The pieces of text that ids stand for, as a tokenizer.bin of llama2.c has them: each with a score.
#ifndef DUO_PIECES_H
#define DUO_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

// Pieces are C strings as in llama2.c: one that holds a NUL ends there.
// There are many: each is small, for a board's sake.
typedef struct {
    uint32_t start;  // in texts
    float score;
} Piece;

typedef struct {
    int32_t vocab;
    size_t longest;   // piece, bytes
    Piece *scored;    // (vocab) by id
    int32_t *sorted;  // (vocab) ids, by text, then id
    char *texts;      // of all pieces, each with a NUL
} Pieces;

// From the bytes of such a file, which came out of `path` and must hold `vocab` pieces. False, and
// `failure`, where they are none; pieces_free() either way.
bool pieces_read(Pieces *pieces, const char *path, const void *bytes, size_t size, int32_t vocab,
                 Failure *failure);
void pieces_free(Pieces *pieces);

static inline const char *pieces_text(const Pieces *p, int32_t id) {
    return p->texts + p->scored[id].start;
}

// The id of `text`, or -1. Where pieces are equal it is the one that glibc's bsearch meets first,
// for that is what llama2.c finds.
int32_t pieces_find(const Pieces *pieces, const char *text);

// "the tokenizer ... `what`", and what to do. Returns false.
bool pieces_refuse(const char *path, const char *what, Failure *failure);

#endif
