#include "model/vocab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PIECE = 1 << 16 };  // bytes of a piece

static bool is_after(const Vocab *v, int32_t a, int32_t b) {
    int order = strcmp(vocab_text(v, a), vocab_text(v, b));
    return order ? order > 0 : a > b;
}

// Heap sort of the ids: sift sorted[root] down until neither child comes after it.
static void sift_down(Vocab *v, int32_t root, int32_t end) {
    int32_t sinking = v->sorted[root];
    for (int32_t child; (child = 2 * root + 1) < end; root = child) {
        if (child + 1 < end && is_after(v, v->sorted[child + 1], v->sorted[child])) child++;
        if (!is_after(v, v->sorted[child], sinking)) break;
        v->sorted[root] = v->sorted[child];
    }
    v->sorted[root] = sinking;
}

// Not qsort(), which in glibc allocates as much memory again.
static void sort_ids(Vocab *v) {
    for (int32_t id = 0; id < v->count; id++) v->sorted[id] = id;
    for (int32_t root = v->count / 2 - 1; root >= 0; root--) sift_down(v, root, v->count);
    for (int32_t last = v->count - 1; last > 0; last--) {
        int32_t first = v->sorted[0];
        v->sorted[0] = v->sorted[last];
        v->sorted[last] = first;
        sift_down(v, 0, last);
    }
}

int32_t vocab_find(const Vocab *v, const char *text) {
    size_t low = 0, high = (size_t)v->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(text, vocab_text(v, v->sorted[middle]));
        if (order == 0) return v->sorted[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return -1;
}

bool vocab_refuse(const char *path, const char *what, Failure *failure) {
    return fail(failure, EXIT_USAGE, "the tokenizer '%.200s' %s; give the model's own with -z",
                path, what);
}

static bool parse(Vocab *v, const char *path, const uint8_t *bytes, size_t size, Failure *failure) {
    char what[128];
    int32_t most;
    memcpy(&most, bytes, sizeof most);
    if (most < 1 || most > MAX_PIECE) {
        snprintf(what, sizeof what, "is none: its longest piece would have %d bytes", most);
        return vocab_refuse(path, what, failure);
    }
    size_t at = sizeof most;
    char *text = v->texts;
    for (int32_t id = 0; id < v->count; id++) {
        float score;
        int32_t length;
        if (size - at < sizeof score + sizeof length) {
            snprintf(what, sizeof what, "ends after %d of the model's %d pieces", id, v->count);
            return vocab_refuse(path, what, failure);
        }
        memcpy(&score, bytes + at, sizeof score);
        memcpy(&length, bytes + at + sizeof score, sizeof length);
        at += sizeof score + sizeof length;
        if (length < 0 || length > most) {
            snprintf(what, sizeof what, "is damaged: piece %d has %d bytes, not 0 to %d", id,
                     length, most);
            return vocab_refuse(path, what, failure);
        }
        if (size - at < (size_t)length) {
            snprintf(what, sizeof what, "ends in the middle of piece %d", id);
            return vocab_refuse(path, what, failure);
        }
        memcpy(text, bytes + at, (size_t)length);
        text[length] = '\0';
        v->scored[id] = (Piece){(uint32_t)(text - v->texts), score};
        if (strlen(text) > v->longest) v->longest = strlen(text);
        text += length + 1;
        at += (size_t)length;
    }
    sort_ids(v);
    return true;
}

bool vocab_read(Vocab *v, const char *path, const void *bytes, size_t size, int32_t count,
                Failure *failure) {
    *v = (Vocab){
        .count = count,
        .scored = malloc((size_t)count * sizeof *v->scored),
        .sorted = malloc((size_t)count * sizeof *v->sorted),
        .texts = malloc(size + 1),  // enough: a piece's score and length make room for its NUL
    };
    if (!v->scored || !v->sorted || !v->texts) {
        return fail(failure, EXIT_UNEXPECTED, "not enough memory for the tokenizer '%.200s'", path);
    }
    if (size < 4) return vocab_refuse(path, "could not be read", failure);
    return parse(v, path, bytes, size, failure);
}

void vocab_free(Vocab *v) {
    free(v->scored);
    free(v->sorted);
    free(v->texts);
    *v = (Vocab){0};
}
