// The model that is told from: a llama2.c file or a packed one, in the form that a mode asks for.
#ifndef DUO_WEIGHTS_H
#define DUO_WEIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "model/checkpoint.h"
#include "model/packed.h"
#include "kernels/simd.h"
#include "model/tokenizer.h"

typedef enum { MODE_REFERENCE = 0, MODE_EXACT = 1, MODE_FAST = 2 } Mode;

// Packs a checkpoint in memory for `modes`: pack_model() of pack/pack.h, which stands above this.
typedef bool (*Packer)(Packed *packed, const Model *model, uint32_t modes, Failure *failure);

typedef struct {
    const char *path;
    Packer packer;
    Shape shape;
    uint64_t parameters;
    bool packed;        // the file is a .duo
    Packed file;        // it, where it is
    Model model;        // fp32; of a .duo once it is asked for
    Packed forms[2];    // for MODE_EXACT and MODE_FAST, once they are asked for
    bool ready[2];
} Weights;

// Read the header of `path`, which must outlive the weights. `packer` is for a llama2.c file that is told
// from in mode exact or fast.
bool weights_open(Weights *weights, const char *path, Packer packer, Failure *failure);
void weights_close(Weights *weights);

// Whether it can be told from in `mode`.
bool weights_has(const Weights *weights, Mode mode);

// fp32. NULL, and `failure`, where the file was packed without it.
const Model *weights_model(Weights *weights, Failure *failure);

// The packed form for MODE_EXACT or MODE_FAST. A llama2.c file is packed in memory, once.
const Packed *weights_packed(Weights *weights, Mode mode, Failure *failure);

// The tokenizer: of the file at `path`, or, where that is NULL, the one that a .duo file holds.
Tokenizer *weights_tokenizer(const Weights *weights, const char *path, Failure *failure);

// SHA-256 of the model file, of the one that a .duo was packed from, and of its tokenizer.
bool weights_hash(const Weights *weights, uint8_t digest[32], Failure *failure);
bool weights_tokenizer_hash(const Weights *weights, const char *path, uint8_t digest[32],
                            Failure *failure);

#endif
