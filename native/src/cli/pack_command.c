#include "cli/pack_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "base/version.h"
#include "model/packed_io.h"
#include "model/tokenizer.h"
#include "pack/pack.h"

// The bytes of a tokenizer, malloced, after a check that it has `vocab` pieces.
static void *read_tokenizer(const char *path, int32_t vocab, size_t *size, Failure *failure) {
    Tokenizer *checked = tokenizer_open(path, vocab, failure);
    if (!checked) return NULL;
    tokenizer_close(checked);
    FILE *file = fopen(path, "rb");
    void *bytes = NULL;
    long end = -1;
    if (file && fseek(file, 0, SEEK_END) == 0) end = ftell(file);
    if (end > 0 && fseek(file, 0, SEEK_SET) == 0) bytes = malloc((size_t)end);
    if (bytes && fread(bytes, 1, (size_t)end, file) != (size_t)end) {
        free(bytes);
        bytes = NULL;
    }
    *size = bytes ? (size_t)end : 0;
    if (file) fclose(file);
    if (!bytes) fail(failure, EXIT_UNEXPECTED, "cannot read the tokenizer '%.200s'", path);
    return bytes;
}

static void print_hash(char *out, const uint8_t digest[32]) {
    for (int i = 0; i < 32; i++) snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

// Write the provenance into text (512); returns its bytes, 0 on failure.
static size_t describe(const Packed *p, const char *tokenizer, char *text, Failure *failure) {
    uint8_t digest[32];
    char model_hash[65], tokenizer_hash[65];
    print_hash(model_hash, p->origin);
    if (!sha256_file(tokenizer, digest, failure)) return 0;
    print_hash(tokenizer_hash, digest);
    return (size_t)snprintf(text, 512,
                            "model sha256: %s\n"
                            "tokenizer sha256: %s\n"
                            "packed by: duollama " DUO_VERSION "\n",
                            model_hash, tokenizer_hash);
}

static bool write_packed(Packed *p, const char *model, const char *tokenizer, const char *out,
                         Failure *failure) {
    if (!sha256_file(model, p->origin, failure)) return false;
    char text[512];
    size_t length = describe(p, tokenizer, text, failure), size = 0;
    void *bytes = length ? read_tokenizer(tokenizer, p->config.vocab, &size, failure) : NULL;
    if (!bytes) return false;
    p->sections[SECTION_TOKENIZER] =
        (Section){.view = {.memory = bytes, .held = size, .file = -1}, .size = size};
    p->sections[SECTION_PROVENANCE] =
        (Section){.view = {.memory = text, .held = length, .file = -1}, .size = length};
    bool written = packed_write(p, out, failure);
    free(bytes);
    if (written) printf("%s\n", out);
    return written;
}

// "story.bin" becomes "story.duo". Malloced; NULL where memory is short.
static char *default_path_of(const char *model) {
    size_t length = strlen(model);
    if (length > 4 && strcmp(model + length - 4, ".bin") == 0) length -= 4;
    char *name = malloc(length + sizeof ".duo");
    if (name) {
        memcpy(name, model, length);
        memcpy(name + length, ".duo", sizeof ".duo");
    }
    return name;
}

bool pack_command(const char *model_path, const char *tokenizer, uint32_t modes, const char *out,
                  Failure *failure) {
    if (is_packed_file(model_path)) {
        return fail(failure, EXIT_USAGE, "'%.200s' is packed already; give the .bin file",
                    model_path);
    }
    Checkpoint checkpoint;
    Packed packed = {.file = -1};
    if (!checkpoint_open(&checkpoint, model_path, failure)) return false;
    char *default_path = out ? NULL : default_path_of(model_path);
    bool succeeded = false;
    if (!out && !default_path) fail(failure, EXIT_UNEXPECTED, "not enough memory to pack");
    else if (pack_checkpoint(&packed, &checkpoint, modes, failure)) {
        succeeded = write_packed(&packed, model_path, tokenizer, out ? out : default_path, failure);
    }
    packed_close(&packed);
    free(default_path);
    checkpoint_close(&checkpoint);
    return succeeded;
}
