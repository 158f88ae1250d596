// A view of bytes in a file, of which the first `held` are mapped or copied into memory and the
// rest are read by pread() when they are asked for.
#ifndef DUO_BASE_FILE_VIEW_H
#define DUO_BASE_FILE_VIEW_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const void *memory;  // (held) the first bytes; NULL where held is 0
    uint64_t held;
    int file;         // descriptor
    uint64_t offset;  // of the first byte in the file
} FileView;

// `size` bytes from `at` on: a pointer into memory, or into `buffer` (size), which is filled. NULL
// where pread() fails: the file was truncated, or its card was pulled.
const void *file_view_read(const FileView *view, uint64_t at, size_t size, void *buffer);

#endif
