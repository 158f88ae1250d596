#include "cli/inspect.h"

#include <stdio.h>

#include "model/packed_io.h"

static const char *const names[SECTIONS] = {
    [SECTION_NORMS] = "norms",
    [SECTION_HIGH] = "layers, int8 plane",
    [SECTION_MULTIPLIER] = "layers, multipliers",
    [SECTION_SCALE] = "layers, scales",
    [SECTION_PLAIN] = "layers, fp32",
    [SECTION_ROPE] = "cosines and sines of positions",
    [SECTION_HEAD_IDS] = "classifier, ids",
    [SECTION_HEAD_COARSE] = "classifier, 4 bits",
    [SECTION_HEAD_FINE] = "classifier, 4 more bits",
    [SECTION_HEAD_FACTORS] = "classifier, scales and errors",
    [SECTION_HEAD_ANCHORS] = "classifier, anchors",
    [SECTION_HEAD_CENTRE] = "classifier, centre",
    [SECTION_EMBEDDING] = "embedding, fp32",
    [SECTION_CLASSIFIER] = "classifier, fp32",
    [SECTION_TOKENIZER] = "tokenizer",
    [SECTION_PROVENANCE] = "provenance",
};

static uint64_t size_of(const Packed *p, SectionKind kind) { return p->sections[kind].size; }

static void print_config(const Packed *p) {
    ModelConfig s = p->config;
    printf("dim %d, hidden %d, %d layers, %d heads, %d key heads, vocabulary %d, context %d\n",
           s.dim, s.hidden, s.layers, s.heads, s.kv_heads, s.vocab, s.context);
    printf("for mode%s%s%s\n", p->modes & PACKED_EXACT ? " exact" : "",
           p->modes == (PACKED_EXACT | PACKED_FAST) ? " and" : "",
           p->modes & PACKED_FAST ? " fast" : "");
    printf("%d rows of the classifier have planes, %d are bounded by one centre (radius %.3g)\n",
           p->coded, s.vocab - p->coded, (double)p->radius);
}

static bool print_sections(const Packed *p, const char *path, Failure *failure) {
    printf("\n%12s  %-8s  section\n", "bytes", "CRC-32");
    for (int kind = 0; kind < SECTIONS; kind++) {
        const Section *section = &p->sections[kind];
        if (section->size == 0) continue;
        printf("%12llu  %08x  %s\n", (unsigned long long)section->size, section->check,
               names[kind]);
        if (!packed_section_intact(p, (SectionKind)kind)) {
            return fail(failure, EXIT_USAGE,
                        "'%.200s' is damaged: the checksum of its section '%s' "
                        "is wrong; pack or fetch it again",
                        path, names[kind]);
        }
    }
    return true;
}

static uint64_t mapped_bytes(const Packed *p, SectionKind kind) {
    return size_of(p, kind) < PACKED_LIKELIEST ? size_of(p, kind) : PACKED_LIKELIEST;
}

// A mode's memory for the whole context, and the bytes read per token without refined rows.
static void print_cost(const Packed *p, bool exact) {
    ModelConfig s = p->config;
    uint64_t layers = size_of(p, SECTION_NORMS) + size_of(p, SECTION_HIGH) +
                      size_of(p, SECTION_MULTIPLIER) + size_of(p, SECTION_SCALE);
    uint64_t screen = size_of(p, SECTION_HEAD_COARSE) + size_of(p, SECTION_HEAD_FACTORS) / 2 +
                      size_of(p, SECTION_HEAD_ANCHORS) +
                      (p->coded < s.vocab ? size_of(p, SECTION_HEAD_CENTRE) : 0);
    uint64_t held = layers + size_of(p, SECTION_HEAD_COARSE) + size_of(p, SECTION_HEAD_FACTORS) +
                    size_of(p, SECTION_HEAD_IDS) + size_of(p, SECTION_HEAD_ANCHORS) +
                    size_of(p, SECTION_HEAD_CENTRE);
    uint64_t cache = 2 * (uint64_t)s.layers * (uint64_t)config_kv_dim(s) * (uint64_t)s.context;
    SectionKind rows = p->tied ? SECTION_EMBEDDING : SECTION_CLASSIFIER;
    uint64_t plain = size_of(p, SECTION_PLAIN);
    if (exact) held += plain + mapped_bytes(p, SECTION_HEAD_FINE) + mapped_bytes(p, rows);
    uint64_t read = screen + (exact ? size_of(p, SECTION_NORMS) + plain : layers);
    printf(
        "%-6s %6.1f MB of weights and %.1f MB of keys and values in memory, %.1f MB of weights "
        "for each token%s\n",
        exact ? "exact" : "fast", (double)held / 1e6, (double)(cache * (exact ? 4 : 2)) / 1e6,
        (double)read / 1e6, exact ? " without drafts" : "");
}

// Prints ASCII only: text from a file must not send control characters to the terminal.
static void print_provenance(const Section *text) {
    const char *bytes = text->view.memory;
    putchar('\n');
    for (uint64_t i = 0; bytes && i < text->size && i < 4096; i++) {
        if (bytes[i] == '\n' || (bytes[i] >= ' ' && bytes[i] <= '~')) putchar(bytes[i]);
    }
}

bool inspect(const char *path, Failure *failure) {
    Packed p;
    if (!packed_open(&p, path, 0, failure)) return false;
    print_config(&p);
    bool intact = print_sections(&p, path, failure);
    if (intact) {
        printf("\n");
        if (p.modes & PACKED_EXACT) print_cost(&p, true);
        if (p.modes & PACKED_FAST) print_cost(&p, false);
        print_provenance(&p.sections[SECTION_PROVENANCE]);
    }
    packed_close(&p);
    return intact;
}
