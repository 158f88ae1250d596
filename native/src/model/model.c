#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "model/packed_io.h"

bool model_open(Model *m, const char *path, Packer packer, Failure *failure) {
    *m = (Model){
        .path = path, .packer = packer, .file = {.file = -1}, .packed = is_packed_file(path)};
    m->forms[0].file = m->forms[1].file = -1;
    if (m->packed) {
        if (!packed_open(&m->file, path, 0, failure)) return false;
        m->config = m->file.config;
    } else {
        if (!checkpoint_open(&m->checkpoint, path, failure)) return false;
        m->config = m->checkpoint.config;
    }
    m->parameters = config_parameters(m->config, config_weight_counts(m->config),
                                      m->packed ? m->file.tied : m->checkpoint.tied);
    return true;
}

void model_close(Model *m) {
    for (int form = 0; form < 2; form++) packed_close(&m->forms[form]);
    if (m->packed) {
        free(m->checkpoint.expanded);
        packed_close(&m->file);
    } else {
        checkpoint_close(&m->checkpoint);
    }
}

bool model_has_mode(const Model *m, Mode mode) {
    switch (mode) {
        case MODE_REFERENCE:
        case MODE_EXACT: return !m->packed || m->file.modes & PACKED_EXACT;
        case MODE_FAST: return !m->packed || m->file.modes & PACKED_FAST;
    }
    return false;
}

const Checkpoint *model_checkpoint(Model *m, Failure *failure) {
    if (m->checkpoint.embedding) return &m->checkpoint;
    if (!(m->file.modes & PACKED_EXACT)) {
        fail(failure, EXIT_USAGE,
             "'%.200s' is packed for mode fast only; give the .bin file, or use "
             "--mode fast",
             m->path);
        return NULL;
    }
    const Packed *form = model_packed(m, MODE_EXACT, failure);
    return form && packed_to_checkpoint(form, &m->checkpoint, failure) ? &m->checkpoint : NULL;
}

const Packed *model_packed(Model *m, Mode mode, Failure *failure) {
    Packed *form = &m->forms[mode - MODE_EXACT];
    uint32_t bit = mode == MODE_EXACT ? PACKED_EXACT : PACKED_FAST;
    if (m->ready[mode - MODE_EXACT]) return form;
    if (m->packed) {
        if (!packed_open(form, m->path, bit, failure)) return NULL;
    } else {
        if (!m->packer(form, &m->checkpoint, bit, failure)) return NULL;
    }
    m->ready[mode - MODE_EXACT] = true;
    return form;
}

Tokenizer *model_tokenizer(const Model *m, const char *path, Failure *failure) {
    if (path) return tokenizer_open(path, m->config.vocab, failure);
    const Section *section = &m->file.sections[SECTION_TOKENIZER];
    // Read from the file and not the mapping: the bytes are needed once.
    FileView view = {.file = section->view.file, .offset = section->view.offset};
    void *bytes = malloc((size_t)section->size + 1);
    Tokenizer *tokenizer = NULL;
    if (!bytes || !file_view_read(&view, 0, (size_t)section->size, bytes)) {
        fail(failure, EXIT_UNEXPECTED, "cannot read the tokenizer in '%.200s'", m->path);
    } else {
        tokenizer = tokenizer_read(m->path, bytes, (size_t)section->size, m->config.vocab, failure);
    }
    free(bytes);
    return tokenizer;
}

bool model_sha256(const Model *m, uint8_t digest[32], Failure *failure) {
    if (!m->packed) return sha256_file(m->path, digest, failure);
    memcpy(digest, m->file.origin, sizeof m->file.origin);
    return true;
}

bool model_tokenizer_sha256(const Model *m, const char *path, uint8_t digest[32],
                            Failure *failure) {
    if (path) return sha256_file(path, digest, failure);
    const Section *section = &m->file.sections[SECTION_TOKENIZER];
    Sha256 sha;
    sha256_begin(&sha);
    sha256_add(&sha, section->view.memory, section->size);
    sha256_end(&sha, digest);
    return true;
}
