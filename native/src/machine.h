// What the agent tells about the machine and about itself.
#ifndef DUO_MACHINE_H
#define DUO_MACHINE_H

#include <stddef.h>
#include <stdint.h>

// "Linux riscv64" and the processor's name where /proc/cpuinfo has one. Valid UTF-8.
void machine_name(char *name, size_t room);

// The last part of a path. What is not UTF-8 is shown as '?'.
void file_name(const char *path, char *name, size_t room);

uint64_t machine_random(void);

typedef struct {
    uint32_t rss, peak;  // KiB
    uint64_t faults;     // major page faults
} Memory;

Memory machine_memory(void);

#endif
