// A model handle: a llama2.c checkpoint or a packed file, in the form that each mode needs, made
// when it is first asked for.
#ifndef DUO_MODEL_MODEL_H
#define DUO_MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "kernels/simd.h"
#include "model/checkpoint.h"
#include "model/packed.h"
#include "model/tokenizer.h"

typedef enum { MODE_REFERENCE = 0, MODE_EXACT = 1, MODE_FAST = 2 } Mode;

// Packs a checkpoint in memory for `modes`: pack_checkpoint() of pack/pack.h, a layer above this
// one.
typedef bool (*Packer)(Packed *packed, const Checkpoint *checkpoint, uint32_t modes,
                       Failure *failure);

typedef struct {
    const char *path;
    Packer packer;
    ModelConfig config;
    uint64_t parameters;
    bool packed;            // the file is a .duo
    Packed file;            // its header and sections, where it is
    Checkpoint checkpoint;  // fp32; of a .duo once it was asked for
    Packed forms[2];        // for MODE_EXACT and MODE_FAST, once they were asked for
    bool ready[2];
} Model;

// Read the header of `path`; the string must outlive the model. `packer` packs a checkpoint when
// mode exact or fast asks for it. False, and `failure`, where the file is no model.
bool model_open(Model *model, const char *path, Packer packer, Failure *failure);
void model_close(Model *model);

// Whether the file has what `mode` needs.
bool model_has_mode(const Model *model, Mode mode);

// The weights in fp32. NULL, and `failure`, where the file was packed for mode fast only.
const Checkpoint *model_checkpoint(Model *model, Failure *failure);

// The packed form for MODE_EXACT or MODE_FAST; a checkpoint is packed in memory once. NULL, and
// `failure`, where the mode is missing or memory is short.
const Packed *model_packed(Model *model, Mode mode, Failure *failure);

// The tokenizer of the file at `path`, or, where that is NULL, the one in the .duo file.
Tokenizer *model_tokenizer(const Model *model, const char *path, Failure *failure);

// SHA-256 of the checkpoint (for a .duo, the one it was packed from), and of the tokenizer.
bool model_sha256(const Model *model, uint8_t digest[32], Failure *failure);
bool model_tokenizer_sha256(const Model *model, const char *path, uint8_t digest[32],
                            Failure *failure);

#endif
