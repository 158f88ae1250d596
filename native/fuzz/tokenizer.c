// A tokenizer file and a text: it is refused, or the text is encoded, decoded and printed.
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "harness.h"
#include "model/tokenizer.h"

enum { MAX_VOCAB = 4096, BOS = 1 };

static void print(const Tokenizer *tokenizer, const int32_t *ids, size_t count) {
    Utf8Stream stream = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        size_t length = 0;
        const char *piece = tokenizer_decode(tokenizer, i ? ids[i - 1] : BOS, ids[i], &length);
        MUST(length == strlen(piece));
        char *out = malloc(UTF8_ROOM(length));
        MUST(out != NULL);
        size_t written = utf8_push(&stream, piece, length, out);
        MUST(written <= UTF8_ROOM(length));
        for (size_t at = 0; at < written; at++) {
            unsigned char c = (unsigned char)out[at];
            MUST((c >= 0x20 || c == '\n' || c == '\t') && c != 0x7f);
        }
        free(out);
    }
    char end[UTF8_ROOM(0)];
    MUST(utf8_end(&stream, end) <= sizeof end);
}

static void encode(const Tokenizer *tokenizer, int32_t vocab, const char *text) {
    Failure failure = {0};
    size_t count = 0;
    int32_t *ids = tokenizer_encode(tokenizer, text, &count, &failure);
    if (!ids) {
        must_say(&failure);
        return;
    }
    MUST(count >= 1 && count <= strlen(text) + 2);
    for (size_t i = 0; i < count; i++) MUST(ids[i] >= 0 && ids[i] < vocab);
    print(tokenizer, ids, count);
    free(ids);
}

// The input: pieces (u16), bytes of text (u16), the text, the file.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 4 || size > MAX_INPUT) return 0;
    int32_t vocab = 2 + (data[0] | data[1] << 8) % MAX_VOCAB;
    size_t length = (size_t)(data[2] | data[3] << 8);
    if (length > size - 4) length = size - 4;
    const uint8_t *file = data + 4 + length;
    size_t bytes = size - 4 - length;

    Failure failure = {0};
    Tokenizer *tokenizer = data[1] & 0x80 ? tokenizer_open(file_of(file, bytes), vocab, &failure)
                                          : tokenizer_read("memory", file, bytes, vocab, &failure);
    if (!tokenizer) {
        must_say(&failure);
        return 0;
    }
    char *text = malloc(length + 1);
    MUST(text != NULL);
    memcpy(text, data + 4, length);
    text[length] = '\0';
    encode(tokenizer, vocab, text);
    free(text);
    int32_t every[64];
    for (int32_t i = 0; i < 64; i++) every[i] = i % vocab;
    print(tokenizer, every, 64);
    tokenizer_close(tokenizer);
    return 0;
}
