#define _POSIX_C_SOURCE 200809L

#include "base/file_view.h"

#include <errno.h>
#include <unistd.h>

const void *source_read(const Source *source, uint64_t at, size_t size, void *buffer) {
    if (source->memory && at + size <= source->held) return (const char *)source->memory + at;
    char *to = buffer;
    size_t done = 0;
    while (done < size) {
        ssize_t count = pread(source->file, to + done, size - done,
                              (off_t)(source->offset + at + done));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return NULL;
        done += (size_t)count;
    }
    return buffer;
}
