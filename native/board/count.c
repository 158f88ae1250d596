// A plugin for QEMU (user mode, plugin interface 1): executed RISC-V instructions by class, vector
// ones also by element width and register group. What it counts does not vary from run to run.
//
//     qemu-riscv64 -plugin ./count.so -d plugin -D counts.txt ./program
//
// A line for each: class, element width in bits, register group in eighths of a register, count. 0
// is none, which is also what a vector type gets that comes from a register (vsetvl): such a type
// cannot be followed. A widening or narrowing instruction has the width and group of its narrow
// side, a load or store those of what it moves.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// --- the part of qemu-plugin.h that is used

#define EXPORT __attribute__((visibility("default")))
typedef uint64_t Id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_tb_trans_cb(Id, void (*)(Id, struct qemu_plugin_tb *));
void qemu_plugin_register_atexit_cb(Id, void (*)(Id, void *), void *);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *),
                                            int, void *);
void qemu_plugin_outs(const char *);
enum { ADD = 0, NO_REGISTERS = 0 };
EXPORT int qemu_plugin_version = 1;

// --- classes

// clang-format off
#define CLASSES(X) \
    X(INT, "int") X(LOAD, "load") X(STORE, "store") X(BRANCH, "branch") X(JUMP, "jump") \
    X(MUL, "mul") X(DIV, "div") X(SYSTEM, "system") X(ATOMIC, "atomic") X(FLOAD, "fload") \
    X(FSTORE, "fstore") X(FADD, "fadd") X(FMUL, "fmul") X(FMA, "fma") X(FDIV, "fdiv") \
    X(FSQRT, "fsqrt") X(FCVT, "fcvt") X(FMOVE, "fmove") X(VSET, "vset") X(VLOAD, "vload") \
    X(VLOAD_STRIDED, "vload-strided") X(VLOAD_INDEXED, "vload-indexed") X(VSTORE, "vstore") \
    X(VSTORE_OTHER, "vstore-other") X(VINT, "vint") X(VMUL, "vmul") X(VDIV, "vdiv") \
    X(VWADD, "vwadd") X(VWMUL, "vwmul") X(VEXTEND, "vextend") X(VNARROW, "vnarrow") \
    X(VRED, "vred") X(VWRED, "vwred") X(VMASK, "vmask") X(VMOVE, "vmove") X(VSLIDE, "vslide") \
    X(VGATHER, "vgather") X(VFADD, "vfadd") X(VFMUL, "vfmul") X(VFMA, "vfma") \
    X(VFWIDEN, "vfwiden") X(VFCVT, "vfcvt") X(VFWCVT, "vfwcvt") X(VFDIV, "vfdiv") \
    X(VFRED, "vfred")
// clang-format on

#define NAME_OF(id, name) id,
typedef enum { CLASSES(NAME_OF) COUNT } Class;
#undef NAME_OF
#define TEXT_OF(id, name) name,
static const char *const names[] = {CLASSES(TEXT_OF)};

enum { WIDTHS = 5, GROUPS = 8 };  // 8 to 64 bits or none; 1/8 to 8 registers or none
enum { NONE_WIDTH = 4, NONE_GROUP = 7 };
typedef uint64_t Table[WIDTHS][GROUPS];
static Table counts[COUNT];

// A translated block: how often it ran, and where each of its instructions counts. Counting blocks
// takes a fraction of the time that counting instructions does.
typedef struct Block {
    struct Block *next;
    uint64_t runs;
    size_t instructions;
    uint64_t *counters[];
} Block;
static Block *blocks;

// Logarithms: width 0 is 8 bits; group -3 is an eighth of a register, 0 one, 3 eight.
typedef struct {
    int width, group;
    bool known;
} Type;

typedef struct {
    Class kind;
    Type type;  // known: false for scalars
} Decoded;

static Decoded scalar(Class kind) { return (Decoded){kind, {0}}; }

static Class compressed(uint32_t w) {
    static const Class quadrant[3][8] = {
        {INT, FLOAD, LOAD, LOAD, INT, FSTORE, STORE, STORE},
        {INT, INT, INT, INT, INT, JUMP, BRANCH, BRANCH},
        {INT, FLOAD, LOAD, LOAD, INT, FSTORE, STORE, STORE},
    };
    bool jump = (w & 0xe003) == 0x8002 && (w >> 2 & 31) == 0 && (w >> 7 & 31) != 0;
    return jump ? JUMP : quadrant[w & 3][w >> 13 & 7];
}

static Decoded floating(uint32_t w) {
    Type type = {.width = (w >> 25 & 3) == 1 ? 3 : 2, .known = true};
    Class kind = FMOVE;
    switch (w >> 27) {
        case 0x00:
        case 0x01: kind = FADD; break;
        case 0x02: kind = FMUL; break;
        case 0x03: kind = FDIV; break;
        case 0x0b: kind = FSQRT; break;
        case 0x08:
        case 0x18:
        case 0x1a: kind = FCVT; break;
    }
    if ((w & 0x7f) != 0x53) kind = FMA;
    return (Decoded){kind, type};
}

// Opcodes 0x07 and 0x27 with a vector's width.
static Decoded vector_memory(uint32_t w, Type type) {
    int fields = (int)(w >> 29), mode = w >> 26 & 3, option = w >> 20 & 31;
    bool load = (w & 0x7f) == 0x07;
    int width = (w >> 12 & 7) == 0 ? 0 : (int)(w >> 12 & 7) - 4;
    if (mode == 0 && option == 8) {  // whole registers
        int group = fields == 7 ? 3 : fields == 3 ? 2 : fields;
        type = (Type){width, group, true};
    } else if (mode == 0 && option == 11) {  // a mask
        type = (Type){0, 0, true};
    } else if (mode == 0 || mode == 2) {
        type.group += width - type.width;
        type.width = width;
    }
    if (mode == 0 && (fields == 0 || option == 8)) return (Decoded){load ? VLOAD : VSTORE, type};
    if (!load) return (Decoded){VSTORE_OTHER, type};
    return (Decoded){mode == 2 ? VLOAD_STRIDED : VLOAD_INDEXED, type};
}

// Those of opcode 0x57 that end in .vv, .vx and .vi (OPI), after the upper six bits.
static Class vector_integer(uint32_t w) {
    uint32_t f = w >> 26;
    bool vv = (w >> 12 & 7) == 0, vi = (w >> 12 & 7) == 3;
    if (f == 0x0c || (f == 0x0e && vv)) return VGATHER;
    if (f == 0x0e || f == 0x0f) return VSLIDE;
    if (f == 0x27) return vi ? VINT : VMUL;  // whole registers moved, else vsmul
    if (f >= 0x2c && f <= 0x2f) return VNARROW;
    return f >= 0x30 ? VWRED : VINT;
}

static Class vector_multiply(uint32_t w) {
    uint32_t f = w >> 26;
    bool vv = (w >> 12 & 7) == 2;
    if (f < 0x08) return VRED;
    if (f < 0x0c) return VINT;
    if (f < 0x10) return VSLIDE;
    if (f == 0x10) return VMOVE;
    if (f == 0x12) return VEXTEND;
    if (f == 0x17 && vv) return VGATHER;  // vcompress
    if (f < 0x20) return VMASK;
    if (f < 0x24) return VDIV;
    if (f < 0x30) return VMUL;
    return f < 0x38 ? VWADD : VWMUL;
}

static Class vector_float(uint32_t w) {
    uint32_t f = w >> 26;
    bool vv = (w >> 12 & 7) == 1;
    if (vv && f < 0x08 && f & 1) return VFRED;
    if (f == 0x0e || f == 0x0f) return VSLIDE;
    if (f == 0x10) return VMOVE;
    if (f == 0x12) return (w >> 15 & 31) < 8 ? VFCVT : VFWCVT;  // 8: wider, 16: narrower
    if (f == 0x13) return (w >> 15 & 31) == 0 ? VFDIV : VFADD;  // square root, else estimates
    if (f == 0x17) return VINT;                                 // vfmv.v.f, vfmerge
    if (f == 0x20 || f == 0x21) return VFDIV;
    if (f == 0x24) return VFMUL;
    if (f == 0x27 || f < 0x28) return VFADD;
    if (f < 0x30) return VFMA;
    return vv && (f == 0x31 || f == 0x33) ? VFRED : VFWIDEN;
}

static Decoded vector(uint32_t w, Type type) {
    switch (w >> 12 & 7) {
        case 7: return scalar(VSET);
        case 1:
        case 5: return (Decoded){vector_float(w), type};
        case 2:
        case 6: return (Decoded){vector_multiply(w), type};
    }
    if (w >> 26 == 0x27 && (w >> 12 & 7) == 3) {
        int registers = (int)(w >> 15 & 7) + 1;
        type.group = registers == 8 ? 3 : registers == 4 ? 2 : registers - 1;
    }
    return (Decoded){vector_integer(w), type};
}

static Decoded decode(uint32_t w, size_t size, Type type) {
    if (size == 2) return scalar(compressed(w));
    uint32_t f3 = w >> 12 & 7;
    bool vector_width = f3 == 0 || f3 > 4;
    switch (w & 0x7f) {
        case 0x03: return scalar(LOAD);
        case 0x23: return scalar(STORE);
        case 0x07: return vector_width ? vector_memory(w, type) : scalar(FLOAD);
        case 0x27: return vector_width ? vector_memory(w, type) : scalar(FSTORE);
        case 0x57: return vector(w, type);
        case 0x43:
        case 0x47:
        case 0x4b:
        case 0x4f:
        case 0x53: return floating(w);
        case 0x33:
        case 0x3b: return scalar(w >> 25 != 1 ? INT : f3 < 4 ? MUL : DIV);
        case 0x63: return scalar(BRANCH);
        case 0x67:
        case 0x6f: return scalar(JUMP);
        case 0x0f:
        case 0x73: return scalar(SYSTEM);
        case 0x2f: return scalar(ATOMIC);
    }
    return scalar(INT);
}

// --- counting

// QEMU keeps a translated block for one vector type, and translates it just before it first runs.
// So the type of the last instruction that set one is that of the block's, each time it runs.
static Type now;

static Type type_of(uint32_t w) {
    if (w >> 30 == 2) return (Type){0};  // vsetvl: from a register
    int group = w >> 20 & 7;
    return (Type){(int)(w >> 23 & 7), group > 3 ? group - 8 : group, true};
}

static void set_type(unsigned processor, void *word) {
    (void)processor;
    now = type_of((uint32_t)(uintptr_t)word);
}

static void translate(Id id, struct qemu_plugin_tb *block) {
    (void)id;
    Type type = now;
    size_t count = qemu_plugin_tb_n_insns(block);
    Block *counted = calloc(1, sizeof *counted + count * sizeof *counted->counters);
    if (!counted) abort();
    counted->next = blocks;
    blocks = counted;
    counted->instructions = count;
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD, &counted->runs, 1);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        const uint8_t *bytes = qemu_plugin_insn_data(instruction);
        size_t size = qemu_plugin_insn_size(instruction);
        uint32_t w = bytes[0] | (uint32_t)bytes[1] << 8;
        if (size == 4) w |= (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
        Decoded d = decode(w, size, type);
        int width = d.type.known ? d.type.width : NONE_WIDTH;
        int group = d.type.known && d.kind >= VLOAD ? d.type.group + 3 : NONE_GROUP;
        if (group < 0) group = 0;
        counted->counters[i] = &counts[d.kind][width][group < GROUPS ? group : NONE_GROUP];
        if (d.kind == VSET) {
            type = type_of(w);
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, set_type, NO_REGISTERS,
                                                   (void *)(uintptr_t)w);
        }
    }
}

static void report(Id id, void *unused) {
    (void)id;
    (void)unused;
    for (const Block *block = blocks; block; block = block->next) {
        for (size_t i = 0; i < block->instructions; i++) *block->counters[i] += block->runs;
    }
    for (int kind = 0; kind < COUNT; kind++) {
        for (int width = 0; width < WIDTHS; width++) {
            for (int group = 0; group < GROUPS; group++) {
                unsigned long long count = counts[kind][width][group];
                if (count == 0) continue;
                char line[80];
                snprintf(line, sizeof line, "%s %d %d %llu\n", names[kind],
                         width == NONE_WIDTH ? 0 : 8 << width, group == NONE_GROUP ? 0 : 1 << group,
                         count);
                qemu_plugin_outs(line);
            }
        }
    }
}

EXPORT int qemu_plugin_install(Id id, const void *info, int argc, char **argv) {
    (void)info;
    (void)argc;
    (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, report, NULL);
    return 0;
}
