// Bytes that are read where they lie: the first of them in memory, and the others, where the memory
// is not to spare, in a file.
#ifndef DUO_SOURCE_H
#define DUO_SOURCE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const void *memory;  // (held) the first ones
    uint64_t held;
    int file;
    uint64_t offset;     // of the first byte in the file
} Source;

// `size` bytes from `at` on: a pointer into memory, or into `buffer` (size), which is filled. NULL
// where the file cannot be read, because it was cut short or its card was pulled.
const void *source_read(const Source *source, uint64_t at, size_t size, void *buffer);

#endif
