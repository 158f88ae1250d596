// A packed model, which the modes exact and fast read: sections, the same in memory as in a .duo
// file. docs/packed.md has the format.
#ifndef DUO_MODEL_PACKED_H
#define DUO_MODEL_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "base/file_view.h"
#include "kernels/int_matrix.h"
#include "model/checkpoint.h"
#include "model/config.h"
#include "model/lm_head.h"

// The sections, in the order of the file.
typedef enum {
    SECTION_NORMS,  // fp32: attention (layers, dim), ffn (layers, dim), final (dim)
    SECTION_HIGH,   // int8 plane of all matrices of all layers, in LayerMatrix order
    SECTION_MULTIPLIER,
    SECTION_SCALE,
    SECTION_PLAIN,     // fp32, in the order of HIGH: mode exact
    SECTION_ROPE,      // fp32: cosines (context, head / 2) of RoPE's angles, then sines
    SECTION_HEAD_IDS,  // the classifier, see lm_head.h
    SECTION_HEAD_COARSE,
    SECTION_HEAD_FINE,
    SECTION_HEAD_FACTORS,  // scale, coarse_error, fine_error, norm
    SECTION_HEAD_ANCHORS,  // fp32 (ANCHORS, dim), then the anchor of each tile (u8)
    SECTION_HEAD_CENTRE,   // (dim), then two floats: LmHead.longest
    SECTION_EMBEDDING,     // fp32 (vocab, dim), in the order of HEAD_IDS, as the next one:
                           // mode exact; both modes if the classifier is not tied
    SECTION_CLASSIFIER,    // fp32 (vocab, dim): mode exact, if it is not tied
    SECTION_TOKENIZER,     // tokenizer.bin
    SECTION_PROVENANCE,    // text, "name: value" lines
    SECTIONS,
} SectionKind;

typedef enum {
    MATRIX_Q,
    MATRIX_K,
    MATRIX_V,
    MATRIX_O,
    MATRIX_GATE,
    MATRIX_UP,
    MATRIX_DOWN,
    LAYER_MATRICES
} LayerMatrix;

enum { PACKED_EXACT = 1, PACKED_FAST = 2 };  // bits of Packed.modes

// Bytes of the likeliest rows, in fp32 and in 8 bits, that mode exact maps; the others are read
// from the file.
enum { PACKED_LIKELIEST = 1 << 19 };

typedef struct {
    FileView view;
    uint64_t size;   // bytes; 0 where it is not there
    uint32_t check;  // CRC-32 of them
} Section;

typedef struct {
    ModelConfig config;
    bool tied;
    uint32_t modes;
    int32_t coded;
    float radius;
    uint8_t origin[32];  // SHA-256 of the model file that it was packed from
    Section sections[SECTIONS];

    const float *attention_norm, *ffn_norm, *final_norm;
    const float *cosine, *sine;  // (context, head / 2)
    IntMatrix *matrices;         // (layers, LAYER_MATRICES)
    LmHead head;
    void *mapping;  // of the file
    size_t mapped;
    int file;        // descriptor; -1: packed in memory
    int32_t *slots;  // (vocab) index of each id in HEAD_IDS
    void *memory;    // allocated by pack_checkpoint()
} Packed;

// Rows and columns of a layer's matrix.
void layer_matrix_size(ModelConfig config, LayerMatrix kind, int32_t *rows, int32_t *columns);

// The weights in fp32, for mode reference, from the tiles of mode exact. The caller frees
// checkpoint->expanded; the norms stay those of `packed`. False where memory is short.
bool packed_to_checkpoint(const Packed *packed, Checkpoint *checkpoint, Failure *failure);

// Bytes that each section of this config must have; 0 for those of text.
void packed_sizes(const Packed *packed, uint64_t sizes[SECTIONS]);

// Point the matrices and the lm_head into the sections. False where memory is short.
bool packed_bind(Packed *packed, Failure *failure);

#endif
