#define _POSIX_C_SOURCE 200809L

#include "base/file_view.h"

#include <errno.h>
#include <unistd.h>

const void *file_view_read(const FileView *view, uint64_t at, size_t size, void *buffer) {
    if (view->memory && at + size <= view->held) return (const char *)view->memory + at;
    char *to = buffer;
    size_t done = 0;
    while (done < size) {
        ssize_t count =
            pread(view->file, to + done, size - done, (off_t)(view->offset + at + done));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return NULL;
        done += (size_t)count;
    }
    return buffer;
}
