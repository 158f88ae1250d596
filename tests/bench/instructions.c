// A plugin for QEMU (user mode, plugin interface 1): executed AArch64 instructions by class, for
// instructions.py. What it counts does not vary from run to run.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// --- the part of qemu-plugin.h that is used

#define EXPORT __attribute__((visibility("default")))
typedef uint64_t Id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_tb_trans_cb(Id, void (*)(Id, struct qemu_plugin_tb *));
void qemu_plugin_register_atexit_cb(Id, void (*)(Id, void *), void *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *, uint64_t);
void qemu_plugin_outs(const char *);
enum { ADD = 0 };
EXPORT int qemu_plugin_version = 1;

// --- classes, by the bits 25 to 28; 26 is set where a load or store is of a vector register

typedef enum { ARITHMETIC, MEMORY, BRANCH, VECTOR, VECTOR_MEMORY, CLASSES } Class;
static const char *const names[CLASSES] = {"arithmetic", "memory", "branch", "vector", "vector-memory"};
static uint64_t counts[CLASSES];

static Class class_of(uint32_t w) {
    uint32_t group = w >> 25 & 15;
    if ((group & 7) == 7) return VECTOR;  // scalar floats too
    if ((group & 5) == 4) return group & 2 ? VECTOR_MEMORY : MEMORY;
    return (group & 14) == 10 ? BRANCH : ARITHMETIC;
}

static void translate(Id id, struct qemu_plugin_tb *block) {
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        const uint8_t *b = qemu_plugin_insn_data(instruction);
        uint32_t w = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        qemu_plugin_register_vcpu_insn_exec_inline(instruction, ADD, &counts[class_of(w)], 1);
    }
}

static void report(Id id, void *unused) {
    (void)id;
    (void)unused;
    for (int i = 0; i < CLASSES; i++) {
        char line[80];
        snprintf(line, sizeof line, "%s %llu\n", names[i], (unsigned long long)counts[i]);
        qemu_plugin_outs(line);
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
