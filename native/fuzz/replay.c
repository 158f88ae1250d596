// A target without libFuzzer: runs it over the files that are named.
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

// Replaying mutates nothing.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most) {
    (void)data;
    return size < most ? size : most;
}

int main(int count, char **paths) {
    for (int i = 1; i < count; i++) {
        FILE *file = fopen(paths[i], "rb");
        long size = -1;
        if (file && fseek(file, 0, SEEK_END) == 0) size = ftell(file);
        // of the input's own size, so that a byte read beyond it is seen
        uint8_t *data = size < 0 ? NULL : malloc(size > 0 ? (size_t)size : 1);
        if (!data || fseek(file, 0, SEEK_SET) != 0 ||
            fread(data, 1, (size_t)size, file) != (size_t)size) {
            perror(paths[i]);
            return 2;
        }
        fclose(file);
        fprintf(stderr, "%s\n", paths[i]);
        LLVMFuzzerTestOneInput(data, (size_t)size);
        free(data);
    }
    fprintf(stderr, "%d inputs\n", count - 1);
    return 0;
}
