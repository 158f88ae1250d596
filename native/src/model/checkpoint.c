// Reads llama2.c's files: version 0 as read_checkpoint() of run.c does, version 2 as that of
// runq.c. Version 2's int8 groups are expanded to fp32, weight = int8 * scale(group), so that one
// forward pass does for both.
#define _POSIX_C_SOURCE 200809L

#include "model/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HEADER_0 = 7 * 4,  // bytes; version 0 has no magic, only the seven sizes
    HEADER_2 = 256,
    MAGIC = 0x616b3432,  // "ak42"
};

typedef struct {
    const char *path;
    const unsigned char *bytes;
    uint64_t size;
} File;

static int32_t read_i32(const unsigned char *bytes) {
    int32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

// The kind of a file that is no checkpoint, from its first bytes; NULL where it may be one.
static const char *foreign_kind(const File *file) {
    static const struct {
        const char *start, *kind;
    } known[] = {
        {"\x7f"
         "ELF",
         "a program (ELF)"},
        {"GGUF", "a GGUF model of llama.cpp"},
        {"lmgg", "a GGML model of llama.cpp"},
        {"tjgg", "a GGJT model of llama.cpp"},
        {"PK\x03\x04", "a zip archive or a PyTorch checkpoint"},
        {"\x1f\x8b", "a gzip archive"},
        {"\x89PNG", "a picture"},
        {"version https://git-lfs", "a Git LFS pointer to a file that was not fetched"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t length = strlen(known[i].start);
        if (file->size >= length && memcmp(file->bytes, known[i].start, length) == 0) {
            return known[i].kind;
        }
    }
    // Sizes in a header are small numbers, so some of its bytes are always 0.
    for (size_t i = 0; i < HEADER_0 && i < file->size; i++) {
        unsigned char c = file->bytes[i];
        if (c < 0x20 && !(c >= '\t' && c <= '\r')) return NULL;
    }
    return "a text file";
}

static bool check_size(const File *file, uint64_t expected, Failure *failure) {
    if (file->size == expected) return true;
    return fail(failure, EXIT_USAGE, "'%.200s' has %llu bytes where its header promises %llu; %s",
                file->path, (unsigned long long)file->size, (unsigned long long)expected,
                file->size < expected
                    ? "it is cut short, fetch it again"
                    : "it is not a llama2.c model, or is damaged: fetch it again");
}

static const float *next_tensor(const float **rest, uint64_t count) {
    const float *slice = *rest;
    *rest += count;
    return slice;
}

// Version 0: the header, then all weights in fp32, which are used in the mapping.
static bool open_version_0(Checkpoint *checkpoint, const File *file, Failure *failure) {
    int32_t sizes[7];
    memcpy(sizes, file->bytes, sizeof sizes);
    bool tied = sizes[5] > 0;  // a negative vocabulary: the classifier is not the embedding
    int32_t vocab = tied || sizes[5] == INT32_MIN ? sizes[5] : -sizes[5];
    ModelConfig s = {sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], vocab, sizes[6]};
    if (!config_check(file->path, s, failure)) return false;

    // RoPE's cosines and sines: llama2.c wrote them once, and skips them now
    uint64_t angles = (uint64_t)s.context * (uint64_t)(s.dim / s.heads / 2) * 2;
    WeightCounts n = config_weight_counts(s);
    checkpoint->config = s;
    checkpoint->tied = tied;
    checkpoint->parameters = config_parameters(s, n, tied);
    if (!check_size(file, HEADER_0 + 4 * (checkpoint->parameters + angles), failure)) return false;

    const float *rest = (const float *)(const void *)(file->bytes + HEADER_0);
    checkpoint->embedding = next_tensor(&rest, n.embedding);
    checkpoint->attention_norm = next_tensor(&rest, n.norm);
    checkpoint->wq = next_tensor(&rest, n.query);
    checkpoint->wk = next_tensor(&rest, n.key);
    checkpoint->wv = next_tensor(&rest, n.key);
    checkpoint->wo = next_tensor(&rest, n.query);
    checkpoint->ffn_norm = next_tensor(&rest, n.norm);
    checkpoint->w1 = next_tensor(&rest, n.ffn);
    checkpoint->w2 = next_tensor(&rest, n.ffn);
    checkpoint->w3 = next_tensor(&rest, n.ffn);
    checkpoint->final_norm = next_tensor(&rest, (uint64_t)s.dim);
    next_tensor(&rest, angles);
    checkpoint->classifier = tied ? checkpoint->embedding : next_tensor(&rest, n.embedding);
    return true;
}

// Reading position in a version 2 file, and writing position in the expanded weights.
typedef struct {
    const unsigned char *from;
    float *to;
    uint64_t group;
} Expansion;

static const float *copy_floats(Expansion *e, uint64_t count) {
    float *start = e->to;
    memcpy(start, e->from, count * sizeof(float));
    e->from += count * sizeof(float);
    e->to += count;
    return start;
}

// Dequantise `tensors` of `count` weights: int8 values, then a float scale for each group of them.
static const float *expand(Expansion *e, uint64_t tensors, uint64_t count) {
    float *start = e->to;
    for (; tensors > 0; tensors--) {
        const unsigned char *values = e->from, *scales = e->from + count;
        for (uint64_t group = 0; group < count / e->group; group++) {
            float scale;
            memcpy(&scale, scales + group * sizeof scale, sizeof scale);
            for (uint64_t i = 0; i < e->group; i++) *e->to++ = (float)(int8_t)*values++ * scale;
        }
        e->from = scales + count / e->group * sizeof(float);
    }
    return start;
}

static bool open_version_2(Checkpoint *checkpoint, const File *file, Failure *failure) {
    if (file->size < HEADER_2) return check_size(file, HEADER_2, failure);
    int32_t sizes[7];
    memcpy(sizes, file->bytes + 8, sizeof sizes);
    ModelConfig s = {sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5], sizes[6]};
    bool tied = file->bytes[36] != 0;
    int32_t group = read_i32(file->bytes + 37);
    if (!config_check(file->path, s, failure)) return false;
    if (group < 1 || s.dim % group != 0) {
        return fail(failure, EXIT_USAGE,
                    "'%.200s' is not a llama2.c model: its group size %d does not divide its dim "
                    "%d; give a llama2.c .bin file",
                    file->path, group, s.dim);
    }

    WeightCounts n = config_weight_counts(s);
    checkpoint->config = s;
    checkpoint->tied = tied;
    checkpoint->parameters = config_parameters(s, n, tied);
    uint64_t norms = 2 * n.norm + (uint64_t)s.dim;
    uint64_t quantised = checkpoint->parameters - norms;
    uint64_t expected = HEADER_2 + 4 * norms + quantised + 4 * (quantised / (uint64_t)group);
    if (!check_size(file, expected, failure)) return false;

    uint64_t bytes = checkpoint->parameters * sizeof(float);
    checkpoint->expanded = bytes > SIZE_MAX ? NULL : malloc((size_t)bytes);
    if (!checkpoint->expanded) {
        return fail(failure, EXIT_UNEXPECTED, "not enough memory to expand '%.200s' to %llu MB",
                    file->path, (unsigned long long)(bytes >> 20));
    }
    Expansion e = {file->bytes + HEADER_2, checkpoint->expanded, (uint64_t)group};
    uint64_t layers = (uint64_t)s.layers;
    checkpoint->attention_norm = copy_floats(&e, n.norm);
    checkpoint->ffn_norm = copy_floats(&e, n.norm);
    checkpoint->final_norm = copy_floats(&e, (uint64_t)s.dim);
    checkpoint->embedding = expand(&e, 1, n.embedding);
    checkpoint->wq = expand(&e, layers, n.query / layers);
    checkpoint->wk = expand(&e, layers, n.key / layers);
    checkpoint->wv = expand(&e, layers, n.key / layers);
    checkpoint->wo = expand(&e, layers, n.query / layers);
    checkpoint->w1 = expand(&e, layers, n.ffn / layers);
    checkpoint->w2 = expand(&e, layers, n.ffn / layers);
    checkpoint->w3 = expand(&e, layers, n.ffn / layers);
    checkpoint->classifier = tied ? checkpoint->embedding : expand(&e, 1, n.embedding);
    return true;
}

static bool open_file(Checkpoint *checkpoint, const File *file, Failure *failure) {
    const char *kind = foreign_kind(file);
    if (kind) {
        return fail(failure, EXIT_USAGE, "'%.200s' is %s, not a model; give a llama2.c .bin file",
                    file->path, kind);
    }
    if (file->size < HEADER_0) return check_size(file, HEADER_0, failure);
    if (read_i32(file->bytes) != MAGIC) return open_version_0(checkpoint, file, failure);
    int32_t version = read_i32(file->bytes + 4);
    if (version == 2) return open_version_2(checkpoint, file, failure);
    return fail(failure, EXIT_USAGE,
                "'%.200s' is a llama2.c model of version %d; export it as version 0 or 2",
                file->path, version);
}

static bool cannot_read(const char *path, Failure *failure) {
    bool short_of_memory = errno == ENOMEM;
    return fail(failure, short_of_memory ? EXIT_UNEXPECTED : EXIT_USAGE,
                "cannot read the model '%.200s': %s; %s", path, strerror(errno),
                short_of_memory ? "use a smaller model" : "check the path");
}

// Map a regular, non-empty file.
static bool map_file(Checkpoint *checkpoint, const char *path, int descriptor, Failure *failure) {
    struct stat status;
    if (fstat(descriptor, &status) != 0) return cannot_read(path, failure);
    const char *kind = S_ISDIR(status.st_mode)    ? "a directory"
                       : !S_ISREG(status.st_mode) ? "not a regular file"
                       : status.st_size == 0      ? "empty"
                                                  : NULL;
    if (kind) {
        return fail(failure, EXIT_USAGE, "'%.200s' is %s; give a llama2.c .bin file", path, kind);
    }
    if ((uint64_t)status.st_size > SIZE_MAX) {
        errno = ENOMEM;
        return cannot_read(path, failure);
    }
    checkpoint->mapped = (size_t)status.st_size;
    checkpoint->mapping = mmap(NULL, checkpoint->mapped, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (checkpoint->mapping != MAP_FAILED) return true;
    checkpoint->mapping = NULL;
    return cannot_read(path, failure);
}

bool checkpoint_open(Checkpoint *checkpoint, const char *path, Failure *failure) {
    *checkpoint = (Checkpoint){0};
    // O_NONBLOCK: open() of a FIFO must not wait for its writer; map_file() refuses it.
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return cannot_read(path, failure);
    bool opened = map_file(checkpoint, path, descriptor, failure);
    close(descriptor);
    if (opened) {
        File file = {path, checkpoint->mapping, checkpoint->mapped};
        opened = open_file(checkpoint, &file, failure);
    }
    if (!opened) {
        checkpoint_close(checkpoint);
        return false;
    }
    if (checkpoint->expanded) {
        munmap(checkpoint->mapping, checkpoint->mapped);
        checkpoint->mapping = NULL;
        checkpoint->mapped = 0;
    }
    return true;
}

void checkpoint_close(Checkpoint *checkpoint) {
    if (checkpoint->mapping) munmap(checkpoint->mapping, checkpoint->mapped);
    free(checkpoint->expanded);
    *checkpoint = (Checkpoint){0};
}
