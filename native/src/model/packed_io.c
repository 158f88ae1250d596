// Reads, checks and writes .duo files: a header, a table of sections, page-aligned sections. The
// file is mapped and used in place. Everything in it is untrusted: sizes follow from the header's
// config and are compared with the file, CRC-32s are checked, and ids and indices are checked for
// their range.
#define _POSIX_C_SOURCE 200809L

#include "model/packed_io.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32.h"

static const char MAGIC[4] = {'D', 'U', 'O', 'T'};

// Sections are page-aligned; fuzzing uses smaller files.
#ifndef SECTION_ALIGNMENT
#define SECTION_ALIGNMENT 4096
#endif

enum { VERSION = 3 };

// The file begins, little-endian, with a Header and one Entry for each section.
typedef struct {
    char magic[4];
    uint32_t version;
    ModelConfig config;
    uint32_t tied;
    uint32_t modes;
    int32_t coded;
    float radius;
    uint32_t reserved;
    uint32_t sections;  // SECTIONS
    uint8_t origin[32];
    uint32_t check;  // CRC-32 of the header, this field 0, and the entries
} Header;

typedef struct {
    uint64_t offset;  // a multiple of ALIGNED
    uint64_t size;    // 0 where the section is not there
    uint32_t check;   // CRC-32 of its bytes
    uint32_t reserved;
} Entry;

typedef struct {
    Header header;
    Entry entries[SECTIONS];
} Start;

_Static_assert(sizeof(Header) == 4 * 24 && sizeof(Entry) == 24, "the file's layout has no gaps");
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "files are little-endian, and are read as they lie"
#endif

static uint32_t checksum(Start start) {
    start.header.check = 0;
    return crc32(&start, sizeof start);
}

bool is_packed_file(const char *path) {
    char magic[sizeof MAGIC] = {0};
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return false;
    ssize_t got = read(file, magic, sizeof magic);
    close(file);
    return got == (ssize_t)sizeof magic && memcmp(magic, MAGIC, sizeof magic) == 0;
}

static bool damaged(const char *path, const char *what, Failure *failure) {
    return fail(failure, EXIT_USAGE, "'%.200s' is damaged: %s; pack or fetch it again", path, what);
}

// Check everything in the header that later code relies on.
static bool check_header(const char *path, const Header *h, Failure *failure) {
    if (h->version != VERSION) {
        return fail(failure, EXIT_USAGE,
                    "'%.200s' is a packed model of version %u, and this program reads version %d; "
                    "pack it again",
                    path, h->version, VERSION);
    }
    if (h->sections != SECTIONS) return damaged(path, "its table has another length", failure);
    if (!config_check(path, h->config, failure)) return false;
    if (h->coded < 1 || h->coded > h->config.vocab) {
        return damaged(path, "it tells more tokens than it has", failure);
    }
    if (!(h->radius >= 0.0f && isfinite(h->radius))) {
        return damaged(path, "its bound is no number", failure);
    }
    if (h->modes == 0 || h->modes > (PACKED_EXACT | PACKED_FAST)) {
        return damaged(path, "it is for no mode that there is", failure);
    }
    return true;
}

// Use only the first `most` bytes of a section in the mapping; the rest is read from the file.
static void limit_held(Packed *p, int kind, uint64_t most) {
    FileView *view = &p->sections[kind].view;
    if (most < view->held) view->held = most;
    if (view->held == 0) view->memory = NULL;
}

// Locate the sections; each must have the size that the config implies.
static bool place_sections(Packed *p, const char *path, const Start *start, Failure *failure) {
    uint64_t sizes[SECTIONS];
    packed_sizes(p, sizes);
    for (int kind = 0; kind < SECTIONS; kind++) {
        const Entry *entry = &start->entries[kind];
        bool text = kind == SECTION_TOKENIZER || kind == SECTION_PROVENANCE;
        if (!text && entry->size != sizes[kind]) {
            return damaged(path, "a section has another size than its model", failure);
        }
        if (entry->offset % SECTION_ALIGNMENT != 0 || entry->offset > p->mapped ||
            entry->size > p->mapped - entry->offset) {
            return damaged(path, "it is cut short", failure);
        }
        p->sections[kind] = (Section){
            .view = {.memory = (const char *)p->mapping + entry->offset,
                     .held = entry->size,
                     .file = p->file,
                     .offset = entry->offset},
            .size = entry->size,
            .check = entry->check,
        };
        if (entry->size == 0) limit_held(p, kind, 0);
    }
    return true;
}

bool packed_section_intact(const Packed *p, SectionKind kind) {
    static const size_t CHUNK = 1 << 16;
    const Section *section = &p->sections[kind];
    FileView bytes = {.file = p->file, .offset = section->view.offset};
    uint32_t crc = 0;
    char *buffer = malloc(CHUNK);
    bool readable = buffer != NULL;
    for (uint64_t at = 0; readable && at < section->size; at += CHUNK) {
        size_t size = section->size - at < CHUNK ? (size_t)(section->size - at) : CHUNK;
        readable = file_view_read(&bytes, at, size, buffer) != NULL;
        if (readable) crc = crc32_continue(crc, buffer, size);
    }
    free(buffer);
    return readable && crc == section->check;
}

// The ids must be a permutation. `seen` (vocab) is all false.
static bool check_ids(const Packed *p, bool *seen) {
    const int32_t *ids = p->sections[SECTION_HEAD_IDS].view.memory;
    for (int32_t i = 0; i < p->config.vocab; i++) {
        if (ids[i] < 0 || ids[i] >= p->config.vocab || seen[ids[i]]) return false;
        seen[ids[i]] = true;
    }
    return true;
}

static bool check_anchors(const Packed *p) {
    const Section *section = &p->sections[SECTION_HEAD_ANCHORS];
    const uint8_t *bytes = section->view.memory;
    for (uint64_t i = section->size - (uint64_t)tiles_of(p->coded); i < section->size; i++) {
        if (bytes[i] >= ANCHORS) return false;
    }
    return true;
}

// Check the CRC-32 of what is read for every token; `duollama inspect` checks the rest.
static bool check_sections(const Packed *p, const char *path, uint32_t mode, Failure *failure) {
    for (int kind = 0; kind <= SECTION_HEAD_CENTRE; kind++) {
        if (kind == SECTION_PLAIN && mode != PACKED_EXACT) continue;
        if (!packed_section_intact(p, (SectionKind)kind)) {
            return damaged(path, "a checksum is wrong", failure);
        }
    }
    bool *seen = calloc((size_t)p->config.vocab, sizeof *seen);
    if (!seen) return fail(failure, EXIT_UNEXPECTED, "not enough memory to check the model");
    bool ordered = check_ids(p, seen);
    free(seen);
    if (!ordered) return damaged(path, "its tokens are out of order", failure);
    if (!check_anchors(p)) return damaged(path, "a tile of its classifier has no anchor", failure);
    return true;
}

static bool cannot_read(const char *path, Failure *failure) {
    return fail(failure, errno == ENOMEM ? EXIT_UNEXPECTED : EXIT_USAGE,
                "cannot read the model '%.200s': %s; check the path", path, strerror(errno));
}

static bool open_packed(Packed *p, const char *path, uint32_t mode, Failure *failure) {
    struct stat status;
    Start start;
    // O_NONBLOCK: open() of a FIFO must not wait for its writer.
    p->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (p->file < 0 || fstat(p->file, &status) != 0) return cannot_read(path, failure);
    if (!S_ISREG(status.st_mode)) {
        const char *kind = S_ISDIR(status.st_mode) ? "a directory" : "not a regular file";
        return fail(failure, EXIT_USAGE, "'%.200s' is %s; give a .duo file", path, kind);
    }
    if ((uint64_t)status.st_size < sizeof start) {
        return damaged(path, "it is cut short", failure);
    }
    p->mapped = (size_t)status.st_size;
    p->mapping = mmap(NULL, p->mapped, PROT_READ, MAP_PRIVATE, p->file, 0);
    if (p->mapping == MAP_FAILED) {
        p->mapping = NULL;
        return cannot_read(path, failure);
    }
    memcpy(&start, p->mapping, sizeof start);
    if (memcmp(start.header.magic, MAGIC, sizeof MAGIC) != 0) {
        return fail(failure, EXIT_USAGE, "'%.200s' is not a packed model; give a .duo file", path);
    }
    if (!check_header(path, &start.header, failure)) return false;
    if (checksum(start) != start.header.check) {
        return damaged(path, "the checksum of its header is wrong", failure);
    }
    p->config = start.header.config;
    p->tied = start.header.tied != 0;
    p->modes = start.header.modes;
    p->coded = start.header.coded;
    p->radius = start.header.radius;
    memcpy(p->origin, start.header.origin, sizeof p->origin);
    if (!place_sections(p, path, &start, failure)) return false;
    if (mode == 0) return true;
    if (!(p->modes & mode)) {
        return fail(failure, EXIT_USAGE,
                    "'%.200s' is packed without mode %s; pack it with --modes "
                    "exact,fast",
                    path, mode == PACKED_EXACT ? "exact" : "fast");
    }
    if (!check_sections(p, path, mode, failure)) return false;
    // Rows that are needed now and then stay in the file, so that they take no memory. Sampling in
    // mode exact needs the likeliest rows, which are the first, for most tokens.
    uint64_t likeliest = mode == PACKED_EXACT ? PACKED_LIKELIEST : 0;
    limit_held(p, SECTION_HEAD_FINE, likeliest);
    limit_held(p, SECTION_EMBEDDING, likeliest);
    limit_held(p, SECTION_CLASSIFIER, likeliest);
    if (mode == PACKED_FAST) limit_held(p, SECTION_PLAIN, 0);
    return packed_bind(p, failure);
}

bool packed_open(Packed *p, const char *path, uint32_t mode, Failure *failure) {
    *p = (Packed){.file = -1};
    if (open_packed(p, path, mode, failure)) return true;
    packed_close(p);
    return false;
}

static bool write_all(FILE *out, const Packed *p, const Start *start) {
    static const char zeros[SECTION_ALIGNMENT];
    if (fwrite(start, sizeof *start, 1, out) != 1) return false;
    uint64_t at = sizeof *start;
    for (int kind = 0; kind < SECTIONS; kind++) {
        const Section *section = &p->sections[kind];
        if (section->size == 0) continue;
        size_t gap = (size_t)(start->entries[kind].offset - at), size = (size_t)section->size;
        if (fwrite(zeros, 1, gap, out) != gap) return false;
        if (fwrite(section->view.memory, 1, size, out) != size) return false;
        at += gap + size;
    }
    return fflush(out) == 0 && fsync(fileno(out)) == 0;
}

bool packed_write(const Packed *p, const char *path, Failure *failure) {
    Start start = {.header = {.version = VERSION,
                              .config = p->config,
                              .tied = p->tied,
                              .modes = p->modes,
                              .coded = p->coded,
                              .radius = p->radius,
                              .sections = SECTIONS}};
    memcpy(start.header.magic, MAGIC, sizeof MAGIC);
    memcpy(start.header.origin, p->origin, sizeof p->origin);
    uint64_t end = sizeof start;
    for (int kind = 0; kind < SECTIONS; kind++) {
        const Section *section = &p->sections[kind];
        if (section->size == 0) continue;
        uint64_t offset = (end + SECTION_ALIGNMENT - 1) / SECTION_ALIGNMENT * SECTION_ALIGNMENT;
        start.entries[kind] = (Entry){
            .offset = offset,
            .size = section->size,
            .check = crc32(section->view.memory, section->size),
        };
        end = offset + section->size;
    }
    start.header.check = checksum(start);

    char beside[4096];
    // A name of this process, and "x": two may pack at once, and no link is followed.
    if (snprintf(beside, sizeof beside, "%s.%ld.part", path, (long)getpid()) >=
        (int)sizeof beside) {
        return fail(failure, EXIT_USAGE, "the path '%.200s' is too long; give a shorter one", path);
    }
    FILE *out = fopen(beside, "wbx");
    bool written = out && write_all(out, p, &start);
    int error = errno;
    if (out && fclose(out) != 0 && written) {
        written = false;
        error = errno;
    }
    if (written && rename(beside, path) != 0) {
        written = false;
        error = errno;
    }
    if (written) return true;
    if (out) remove(beside);
    return fail(failure, EXIT_USAGE, "cannot write '%.200s': %s", path, strerror(error));
}

void packed_close(Packed *p) {
    if (p->mapping) munmap(p->mapping, p->mapped);
    if (p->file >= 0) close(p->file);
    free(p->matrices);
    free(p->slots);
    free(p->memory);
    *p = (Packed){.file = -1};
}
