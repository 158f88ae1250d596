// Mirrors encode() and decode() of llama2.c's run.c: byte-pair encoding by the highest-score merge.
// run.c searches all adjacent pairs again after each merge, O(n^2); a heap of candidate merges over
// a linked list of tokens gives the same ids in O(n log n).
#define _POSIX_C_SOURCE 200809L

#include "model/tokenizer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "model/vocab.h"

enum {
    BOS = 1,
    FIRST_BYTE = 3,  // ids 3 to 258 are the bytes 0 to 255
    NONE = -1,
    MAX_FILE = 1 << 30,  // bytes
};

struct Tokenizer {
    Vocab vocab;
    char bytes[512];  // each byte and a NUL: text of the byte tokens
};

// --- reading the file

// The contents of `path`, malloced.
static unsigned char *read_file(const char *path, size_t *size, Failure *failure) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "rb");
    struct stat status;
    if (!file || fstat(descriptor, &status) != 0) {
        fail(failure, EXIT_USAGE, "cannot read the tokenizer '%.200s': %s; name it with -z", path,
             strerror(errno));
        if (file) fclose(file);
        else if (descriptor >= 0) close(descriptor);
        return NULL;
    }
    unsigned char *bytes = NULL;
    if (S_ISDIR(status.st_mode)) vocab_refuse(path, "is a directory", failure);
    else if (!S_ISREG(status.st_mode)) vocab_refuse(path, "is not a regular file", failure);
    else if (status.st_size < 4) vocab_refuse(path, "is empty or cut short", failure);
    else if (status.st_size > MAX_FILE) vocab_refuse(path, "is too large for one", failure);
    else if (!(bytes = malloc((size_t)status.st_size))) {
        fail(failure, EXIT_UNEXPECTED, "not enough memory for the tokenizer '%.200s'", path);
    }
    *size = bytes ? fread(bytes, 1, (size_t)status.st_size, file) : 0;
    fclose(file);
    return bytes;
}

Tokenizer *tokenizer_open(const char *path, int32_t vocab, Failure *failure) {
    size_t size;
    unsigned char *bytes = read_file(path, &size, failure);
    if (!bytes) return NULL;
    Tokenizer *t = tokenizer_read(path, bytes, size, vocab, failure);
    free(bytes);
    return t;
}

Tokenizer *tokenizer_read(const char *path, const void *bytes, size_t size, int32_t vocab,
                          Failure *failure) {
    Tokenizer *t = calloc(1, sizeof *t);
    if (!t) {
        fail(failure, EXIT_UNEXPECTED, "not enough memory for the tokenizer '%.200s'", path);
        return NULL;
    }
    for (int byte = 0; byte < 256; byte++) t->bytes[2 * byte] = (char)byte;
    if (vocab_read(&t->vocab, path, bytes, size, vocab, failure)) return t;
    tokenizer_close(t);
    return NULL;
}

void tokenizer_close(Tokenizer *t) {
    if (!t) return;
    vocab_free(&t->vocab);
    free(t);
}

// --- text to ids

// A token in a linked list. llama2.c looks up all pairs again after each merge; here a pair is
// looked up once, when it becomes adjacent, and kept in a priority queue.
typedef struct {
    int32_t id;
    int32_t previous, next;  // NONE at the ends
    uint32_t version;        // grows with each change of the pair (this, next)
} Node;

// A candidate merge. It is stale where `version` is not that of its left node.
typedef struct {
    float score;
    int32_t left;
    int32_t id;  // of the merged token
    uint32_t version;
} Merge;

typedef struct {
    const Vocab *vocab;
    Node *nodes;
    int32_t count;
    Merge *heap;  // the best on top
    size_t merges;
    char *joined;  // room for the longest piece
} Encoder;

// Heap order: the highest score first, ties by the leftmost.
static bool is_better(Merge a, Merge b) {
    return a.score > b.score || (a.score == b.score && a.left < b.left);
}

static void push(Encoder *e, Merge merge) {
    size_t at = e->merges++;
    while (at > 0 && is_better(merge, e->heap[(at - 1) / 2])) {
        e->heap[at] = e->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    e->heap[at] = merge;
}

static Merge pop(Encoder *e) {
    Merge top = e->heap[0], last = e->heap[--e->merges];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < e->merges; at = child) {
        if (child + 1 < e->merges && is_better(e->heap[child + 1], e->heap[child])) child++;
        if (!is_better(e->heap[child], last)) break;
        e->heap[at] = e->heap[child];
    }
    e->heap[at] = last;
    return top;
}

static void append(Encoder *e, int32_t id) {
    int32_t at = e->count++;
    e->nodes[at] = (Node){.id = id, .previous = at - 1, .next = NONE};
    if (at > 0) e->nodes[at - 1].next = at;
}

// The pair (left, its next) is new: look it up and push it if it is a token.
static void consider(Encoder *e, int32_t left) {
    if (left == NONE) return;
    Node *node = &e->nodes[left];
    node->version++;
    if (node->next == NONE) return;
    const Vocab *v = e->vocab;
    int32_t a = node->id, b = e->nodes[node->next].id;
    size_t length = strlen(vocab_text(v, a)), more = strlen(vocab_text(v, b));
    if (length + more > v->longest) return;
    memcpy(e->joined, vocab_text(v, a), length);
    memcpy(e->joined + length, vocab_text(v, b), more + 1);
    int32_t id = vocab_find(v, e->joined);
    // llama2.c's search for the best score starts here, so a lower one never wins
    if (id == NONE || !(v->scored[id].score > -1e10f)) return;
    push(e, (Merge){v->scored[id].score, left, id, node->version});
}

static void merge_all(Encoder *e) {
    for (int32_t i = 0; i < e->count; i++) consider(e, i);
    while (e->merges > 0) {
        Merge merge = pop(e);
        Node *left = &e->nodes[merge.left];
        if (left->version != merge.version) continue;  // stale: one of the two was merged since
        Node *right = &e->nodes[left->next];
        left->id = merge.id;
        left->next = right->next;
        right->version++;
        if (right->next != NONE) e->nodes[right->next].previous = merge.left;
        consider(e, left->previous);
        consider(e, merge.left);
    }
}

// One token for each character of `text`; byte fallback where it is not in the vocabulary.
static bool split_text(Encoder *e, const char *text, Failure *failure) {
    const Vocab *v = e->vocab;
    append(e, BOS);
    if (*text) {
        // SentencePiece's dummy prefix: a word has the same token at the start of a text
        int32_t space = vocab_find(v, " ");
        if (space == NONE) {
            return fail(failure, EXIT_USAGE,
                        "the tokenizer has no piece for a space; give the model's own with -z");
        }
        append(e, space);
    }
    while (*text) {
        char character[5] = {*text++};
        size_t length = 1;
        while (((unsigned char)*text & 0xC0) == 0x80) character[length++] = *text++;
        int32_t id = vocab_find(v, character);
        if (id != NONE) {
            append(e, id);
            continue;
        }
        for (size_t i = 0; i < length; i++) {
            unsigned byte = (unsigned char)character[i];
            if (FIRST_BYTE + (int64_t)byte >= v->count) {
                return fail(failure, EXIT_USAGE,
                            "the tokenizer has no piece for the byte 0x%02X of the prompt; "
                            "use other words, or the model's own tokenizer with -z",
                            byte);
            }
            append(e, FIRST_BYTE + (int32_t)byte);
        }
    }
    return true;
}

int32_t *tokenizer_encode(const Tokenizer *t, const char *text, size_t *count, Failure *failure) {
    if (!utf8_valid(text)) {
        fail(failure, EXIT_USAGE, "the prompt is not UTF-8; type or save it as UTF-8");
        return NULL;
    }
    size_t most = strlen(text) + 2;  // tokens: BOS, the dummy prefix, the bytes
    if (most > INT32_MAX / 4) {
        fail(failure, EXIT_USAGE, "the prompt has %zu bytes; give a shorter one", most - 2);
        return NULL;
    }
    Encoder e = {
        .vocab = &t->vocab,
        .nodes = malloc(most * sizeof(Node)),
        .heap = malloc(3 * most * sizeof(Merge)),  // a pair at the start, two after each merge
        .joined = malloc(t->vocab.longest + 1),
    };
    int32_t *ids = malloc(most * sizeof *ids);
    bool encoded = false;
    if (!e.nodes || !e.heap || !e.joined || !ids) {
        fail(failure, EXIT_UNEXPECTED, "not enough memory to encode the prompt");
    } else {
        encoded = split_text(&e, text, failure);
    }
    if (encoded) {
        merge_all(&e);
        *count = 0;
        for (int32_t i = 0; i != NONE; i = e.nodes[i].next) ids[(*count)++] = e.nodes[i].id;
    } else {
        free(ids);
        ids = NULL;
    }
    free(e.nodes);
    free(e.heap);
    free(e.joined);
    return ids;
}

// --- id to text

const char *tokenizer_decode(const Tokenizer *t, int32_t previous, int32_t id, size_t *length) {
    const char *text = vocab_text(&t->vocab, id);
    if (previous == BOS && text[0] == ' ') text++;
    // sscanf as in llama2.c, which accepts "<0x41" too
    unsigned char byte;
    if (text[0] == '<' && sscanf(text, "<0x%02hhX>", &byte) == 1) text = t->bytes + 2 * byte;
    *length = strlen(text);
    return text;
}
