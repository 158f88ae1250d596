// Opens, checks and writes a packed model's file, .duo. docs/packed.md has the format.
#ifndef DUO_MODEL_PACKED_IO_H
#define DUO_MODEL_PACKED_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "model/packed.h"

// Whether the file at `path` has the magic of a packed model.
bool is_packed_file(const char *path);

// Map a .duo file for `mode`: PACKED_EXACT or PACKED_FAST, or 0 to look at its header and sections
// only. What the mode reads for every token is checked against its checksum. False, and `failure`,
// where the file is damaged, lacks the mode, or does not fit in memory.
bool packed_open(Packed *packed, const char *path, uint32_t mode, Failure *failure);

// Whether the CRC-32 of a section is right. Reads the file, not the mapping, to take no memory.
bool packed_section_intact(const Packed *packed, SectionKind kind);

// Write it to `path` atomically: to a temporary file beside it, then rename().
bool packed_write(const Packed *packed, const char *path, Failure *failure);

void packed_close(Packed *packed);

#endif
