// A packed model's file, .duo: opened and checked, written. docs/packed.md has the format.
#ifndef DUO_MODEL_PACKED_IO_H
#define DUO_MODEL_PACKED_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "model/packed.h"

// Whether the file at `path` starts as a packed one.
bool packed_is(const char *path);

// Map a .duo file for `mode`: PACKED_EXACT or PACKED_FAST, or 0 to look at its header and sections
// only. What the mode reads for every token is checked against its checksum. False, and `failure`,
// where the file is damaged, lacks the mode, or does not fit in memory.
bool packed_open(Packed *packed, const char *path, uint32_t mode, Failure *failure);

// Whether a section has its checksum. It is read as a file is, and leaves nothing in memory.
bool packed_whole(const Packed *packed, SectionKind kind);

// Write it to `path`, by way of a file beside it: the path holds all of it, or what it held.
bool packed_write(const Packed *packed, const char *path, Failure *failure);

void packed_close(Packed *packed);

#endif
