// A packed model, as the modes exact and fast read it: sections, in memory as in a .duo file.
// docs/packed.md has the format.
#ifndef DUO_PACKED_H
#define DUO_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "model/lm_head.h"
#include "kernels/int_matrix.h"
#include "model/checkpoint.h"
#include "model/config.h"
#include "base/file_view.h"

// What a file may hold; the order is the file's.
typedef enum {
    SECTION_NORMS,            // fp32: attention (layers, dim), ffn (layers, dim), final (dim)
    SECTION_HIGH,             // the parts of all the matrices of all the layers, in Part's order
    SECTION_MULTIPLIER,
    SECTION_SCALE,
    SECTION_MIDDLE,           // from here to PATCH: mode exact
    SECTION_LOW,
    SECTION_PATCHED,
    SECTION_PATCH_AT,
    SECTION_PATCH,
    SECTION_TURNS,            // fp32: cosines (context, head / 2) of RoPE's angles, then sines
    SECTION_HEAD_IDS,         // the parts of the classifier, see head.h
    SECTION_HEAD_COARSE,
    SECTION_HEAD_FINE,
    SECTION_HEAD_FACTORS,     // scale, coarse_error, fine_error, norm
    SECTION_HEAD_ANCHORS,     // fp32 (ANCHORS, dim), then the anchor of each tile (u8)
    SECTION_HEAD_CENTRE,      // and two more numbers: Head.longest
    SECTION_EMBEDDING,        // fp32 (vocab, dim), in the order of HEAD_IDS, as the next one:
                              // mode exact; both modes where the classifier is its own
    SECTION_CLASSIFIER,       // fp32 (vocab, dim): mode exact, where it is its own
    SECTION_TOKENIZER,        // tokenizer.bin
    SECTION_PROVENANCE,       // text, "name: value" lines
    SECTIONS,
} SectionKind;

typedef enum { PART_Q, PART_K, PART_V, PART_O, PART_GATE, PART_UP, PART_DOWN, PARTS } Part;

enum { PACKED_EXACT = 1, PACKED_FAST = 2 };  // bits of Packed.modes

// Bytes of the likeliest rows, in fp32 and in 8 bits, that mode exact has in memory; others are read
// from the file.
enum { PACKED_LIKELIEST = 1 << 19 };

typedef struct {
    FileView view;
    uint64_t size;   // bytes; 0 where it is not there
    uint32_t check;  // CRC-32 of them
} Section;

typedef struct {
    Shape shape;
    bool tied;
    uint32_t modes;
    int32_t told;
    float radius;
    uint32_t patches;     // mode exact: weights that the planes do not hold exactly
    uint8_t origin[32];   // SHA-256 of the model file that it was packed from
    Section sections[SECTIONS];

    const float *attention_norm, *ffn_norm, *final_norm;
    const float *cosine, *sine;  // (context, head / 2)
    IntMatrix *matrices;     // (layers, PARTS)
    Head head;
    void *mapping;        // of the file
    size_t mapped;
    int file;             // -1: there is none
    int32_t *slots;       // (vocab) of each id in the order of HEAD_IDS
    void *memory;         // what packing allocated
} Packed;

// Rows and columns of a part.
void part_size(Shape shape, Part part, int32_t *rows, int32_t *columns);

// The model in fp32, to tell from in mode reference, put together from what mode exact has.
// model->expanded is to be freed; the norms stay those of `packed`. False where memory is short.
bool packed_model(const Packed *packed, Model *model, Failure *failure);

// Bytes that each section of this shape must have; those of text are left at 0.
void packed_sizes(const Packed *packed, uint64_t sizes[SECTIONS]);

// Point the matrices and the head into the sections. False where memory is short.
bool packed_bind(Packed *packed, Failure *failure);

#endif
