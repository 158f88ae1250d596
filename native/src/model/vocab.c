#include "model/vocab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PIECE = 1 << 16 };  // bytes of a piece

static bool is_after(const Pieces *p, int32_t a, int32_t b) {
    int order = strcmp(pieces_text(p, a), pieces_text(p, b));
    return order ? order > 0 : a > b;
}

// Let sorted[root] sink until neither of its children comes after it.
static void sink(Pieces *p, int32_t root, int32_t count) {
    int32_t sinking = p->sorted[root];
    for (int32_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && is_after(p, p->sorted[child + 1], p->sorted[child])) child++;
        if (!is_after(p, p->sorted[child], sinking)) break;
        p->sorted[root] = p->sorted[child];
    }
    p->sorted[root] = sinking;
}

// A heap sort: glibc's qsort would take as much memory again.
static void sort_ids(Pieces *p) {
    for (int32_t id = 0; id < p->vocab; id++) p->sorted[id] = id;
    for (int32_t root = p->vocab / 2 - 1; root >= 0; root--) sink(p, root, p->vocab);
    for (int32_t last = p->vocab - 1; last > 0; last--) {
        int32_t first = p->sorted[0];
        p->sorted[0] = p->sorted[last];
        p->sorted[last] = first;
        sink(p, 0, last);
    }
}

int32_t pieces_find(const Pieces *p, const char *text) {
    size_t low = 0, high = (size_t)p->vocab;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(text, pieces_text(p, p->sorted[middle]));
        if (order == 0) return p->sorted[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return -1;
}

bool pieces_refuse(const char *path, const char *what, Failure *failure) {
    return fail(failure, EXIT_USAGE, "the tokenizer '%.200s' %s; give the model's own with -z",
                path, what);
}

static bool take(Pieces *p, const char *path, const uint8_t *bytes, size_t size,
                        Failure *failure) {
    char what[128];
    int32_t most;
    memcpy(&most, bytes, sizeof most);
    if (most < 1 || most > MOST_PIECE) {
        snprintf(what, sizeof what, "is none: its longest piece would have %d bytes", most);
        return pieces_refuse(path, what, failure);
    }
    size_t at = sizeof most;
    char *text = p->texts;
    for (int32_t id = 0; id < p->vocab; id++) {
        float score;
        int32_t length;
        if (size - at < sizeof score + sizeof length) {
            snprintf(what, sizeof what, "ends after %d of the model's %d pieces", id, p->vocab);
            return pieces_refuse(path, what, failure);
        }
        memcpy(&score, bytes + at, sizeof score);
        memcpy(&length, bytes + at + sizeof score, sizeof length);
        at += sizeof score + sizeof length;
        if (length < 0 || length > most) {
            snprintf(what, sizeof what, "is damaged: piece %d has %d bytes, not 0 to %d", id,
                     length, most);
            return pieces_refuse(path, what, failure);
        }
        if (size - at < (size_t)length) {
            snprintf(what, sizeof what, "ends in the middle of piece %d", id);
            return pieces_refuse(path, what, failure);
        }
        memcpy(text, bytes + at, (size_t)length);
        text[length] = '\0';
        p->scored[id] = (Piece){(uint32_t)(text - p->texts), score};
        if (strlen(text) > p->longest) p->longest = strlen(text);
        text += length + 1;
        at += (size_t)length;
    }
    sort_ids(p);
    return true;
}

bool pieces_read(Pieces *p, const char *path, const void *bytes, size_t size, int32_t vocab,
                 Failure *failure) {
    *p = (Pieces){
        .vocab = vocab,
        .scored = malloc((size_t)vocab * sizeof *p->scored),
        .sorted = malloc((size_t)vocab * sizeof *p->sorted),
        .texts = malloc(size + 1),  // enough: a piece's score and length make room for its NUL
    };
    if (!p->scored || !p->sorted || !p->texts) {
        return fail(failure, EXIT_UNEXPECTED, "not enough memory for the tokenizer '%.200s'", path);
    }
    if (size < 4) return pieces_refuse(path, "could not be read", failure);
    return take(p, path, bytes, size, failure);
}

void pieces_free(Pieces *p) {
    free(p->scored);
    free(p->sorted);
    free(p->texts);
    *p = (Pieces){0};
}
