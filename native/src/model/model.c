#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "model/packed_io.h"

bool weights_open(Weights *w, const char *path, Packer packer, Failure *failure) {
    *w = (Weights){.path = path, .packer = packer, .file = {.file = -1}, .packed = packed_is(path)};
    w->forms[0].file = w->forms[1].file = -1;
    if (w->packed) {
        if (!packed_open(&w->file, path, 0, failure)) return false;
        w->shape = w->file.shape;
    } else {
        if (!model_open(&w->model, path, failure)) return false;
        w->shape = w->model.shape;
    }
    w->parameters = shape_parameters(w->shape, shape_counts(w->shape),
                                     w->packed ? w->file.tied : w->model.tied);
    return true;
}

void weights_close(Weights *w) {
    for (int form = 0; form < 2; form++) packed_close(&w->forms[form]);
    if (w->packed) {
        free(w->model.expanded);
        packed_close(&w->file);
    } else {
        model_close(&w->model);
    }
}

bool weights_has(const Weights *w, Mode mode) {
    switch (mode) {
    case MODE_REFERENCE:
    case MODE_EXACT: return !w->packed || w->file.modes & PACKED_EXACT;
    case MODE_FAST: return !w->packed || w->file.modes & PACKED_FAST;
    }
    return false;
}

const Model *weights_model(Weights *w, Failure *failure) {
    if (w->model.embedding) return &w->model;
    if (!(w->file.modes & PACKED_EXACT)) {
        fail(failure, EXIT_USAGE, "'%.200s' is packed for mode fast only; give the .bin file, or use "
             "--mode fast", w->path);
        return NULL;
    }
    const Packed *form = weights_packed(w, MODE_EXACT, failure);
    return form && packed_model(form, &w->model, failure) ? &w->model : NULL;
}

const Packed *weights_packed(Weights *w, Mode mode, Failure *failure) {
    Packed *form = &w->forms[mode - MODE_EXACT];
    uint32_t bit = mode == MODE_EXACT ? PACKED_EXACT : PACKED_FAST;
    if (w->ready[mode - MODE_EXACT]) return form;
    if (w->packed) {
        if (!packed_open(form, w->path, bit, failure)) return NULL;
    } else {
        if (!w->packer(form, &w->model, bit, failure)) return NULL;
    }
    w->ready[mode - MODE_EXACT] = true;
    return form;
}

Tokenizer *weights_tokenizer(const Weights *w, const char *path, Failure *failure) {
    if (path) return tokenizer_open(path, w->shape.vocab, failure);
    const Section *section = &w->file.sections[SECTION_TOKENIZER];
    // Through the file and not its mapping, for it is read once.
    FileView view = {.file = section->view.file, .offset = section->view.offset};
    void *bytes = malloc((size_t)section->size + 1);
    Tokenizer *tokenizer = NULL;
    if (!bytes || !file_view_read(&view, 0, (size_t)section->size, bytes)) {
        fail(failure, EXIT_UNEXPECTED, "cannot read the tokenizer in '%.200s'", w->path);
    } else {
        tokenizer = tokenizer_read(w->path, bytes, (size_t)section->size, w->shape.vocab, failure);
    }
    free(bytes);
    return tokenizer;
}

bool weights_hash(const Weights *w, uint8_t digest[32], Failure *failure) {
    if (!w->packed) return sha256_file(w->path, digest, failure);
    memcpy(digest, w->file.origin, sizeof w->file.origin);
    return true;
}

bool weights_tokenizer_hash(const Weights *w, const char *path, uint8_t digest[32],
                            Failure *failure) {
    if (path) return sha256_file(path, digest, failure);
    const Section *section = &w->file.sections[SECTION_TOKENIZER];
    Sha256 sha;
    sha256_begin(&sha);
    sha256_add(&sha, section->view.memory, section->size);
    sha256_end(&sha, digest);
    return true;
}
