// A packed model: it is refused, or looked at, or a story is told from it. A mutator sets its
// checksums right, or no damage would get past them.
#define _GNU_SOURCE

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crc32.h"
#include "cli/inspect.h"
#include "harness.h"
#include "pack/pack.h"

// docs/packed.md: a header that ends with the number of sections (u32), a SHA-256 and its check
// (u32), then the entries: offset (u64), size (u64), check (u32), 4 bytes more.
enum { HEADER = 96 };
enum { CHECK = HEADER - 4, SECTION_COUNT = CHECK - 32 - 4, ENTRY = 24, MAX_SECTIONS = 64 };

static uint32_t u32_at(const uint8_t *bytes) {
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

// Bytes of header and entries; 0 where they are not there.
static size_t start_of(const uint8_t *file, size_t size) {
    uint32_t count = size < HEADER ? 0 : u32_at(file + SECTION_COUNT);
    if (count == 0 || count > MAX_SECTIONS || size < HEADER + count * ENTRY) return 0;
    return HEADER + count * ENTRY;
}

// The bytes of the section whose entry this is, as far as the file has them.
static size_t section_of(const uint8_t *entry, size_t size, size_t *offset) {
    uint64_t at, length;
    memcpy(&at, entry, sizeof at);
    memcpy(&length, entry + 8, sizeof length);
    *offset = at < size ? (size_t)at : size;
    return length < size - *offset ? (size_t)length : size - *offset;
}

// The check that the header should have.
static uint32_t check_of(const uint8_t *file, size_t start) {
    uint8_t copy[HEADER + MAX_SECTIONS * ENTRY];
    memcpy(copy, file, start);
    memset(copy + CHECK, 0, 4);
    return crc32(copy, start);
}

static void repair(uint8_t *file, size_t size) {
    size_t start = start_of(file, size);
    if (start == 0) return;
    for (size_t entry = HEADER; entry < start; entry += ENTRY) {
        size_t offset, length = section_of(file + entry, size, &offset);
        uint32_t check = crc32(file + offset, length);
        memcpy(file + entry + 16, &check, sizeof check);
    }
    uint32_t check = check_of(file, start);
    memcpy(file + CHECK, &check, sizeof check);
}

// What inspect says goes to a terminal, which obeys control characters.
static void must_print_text(void) {
    static char text[1 << 16];
    fflush(stdout);
    ssize_t length = pread(STDOUT_FILENO, text, sizeof text, 0);
    MUST(length >= 0);
    for (ssize_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        MUST((c >= 0x20 || c == '\n' || c == '\t') && c != 0x7f);
    }
}

static void look(const char *path) {
    static int out = -1;
    if (out < 0) out = dup2(memfd_create("stdout", MFD_CLOEXEC), STDOUT_FILENO);
    rewind(stdout);
    MUST(out >= 0 && ftruncate(out, 0) == 0);
    Failure failure = {0};
    if (!inspect(path, &failure)) must_say(&failure);
    must_print_text();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < ASKED || size > MAX_INPUT) return 0;
    Request request = request_of(data);
    const uint8_t *file = data + ASKED;
    const char *path = file_of(file, size - ASKED);
    if (request.inspect) {
        look(path);
        return 0;
    }
    Failure failure = {0};
    Model model;
    if (!model_open(&model, path, pack_checkpoint, &failure)) {
        must_say(&failure);
        return 0;
    }
    if (model.packed) {
        // else the mutator no longer knows where the checksums are
        size_t start = start_of(file, size - ASKED);
        MUST(start > 0 && u32_at(file + CHECK) == check_of(file, start));
        Tokenizer *tokenizer = model_tokenizer(&model, NULL, &failure);
        if (tokenizer) generate(&model, tokenizer, &request);
        else must_say(&failure);
        tokenizer_close(tokenizer);
    }
    model_close(&model);
    return 0;
}

static void mutate_section(uint8_t *file, size_t size, uint32_t *state) {
    size_t start = start_of(file, size);
    if (start == 0) return;
    size_t count = (start - HEADER) / ENTRY, offset;
    size_t length = section_of(file + HEADER + draw(state) % count * ENTRY, size, &offset);
    mutate_within(file + offset, length, state);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
    uint32_t state = seed;
    if (size <= ASKED + HEADER || draw(&state) % 32 == 0) return LLVMFuzzerMutate(data, size, most);
    uint8_t *file = data + ASKED;
    size_t bytes = size - ASKED, start = start_of(file, bytes);
    uint32_t times = draw(&state) % 4 + 1;
    for (uint32_t i = 0; i < times; i++) {
        switch (draw(&state) % 8) {
            case 0:
            case 1: mutate_within(data, ASKED, &state); break;
            case 2: mutate_within(file, HEADER, &state); break;
            case 3:
                if (start) mutate_within(file + HEADER, start - HEADER, &state);
                break;
            default: mutate_section(file, bytes, &state);
        }
    }
    if (draw(&state) % 32 != 0) repair(file, bytes);
    return size;
}
