// What the agent tells of itself: the machine and the process that it is.
#ifndef DUO_MACHINE_H
#define DUO_MACHINE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t resident, peak;  // KiB of memory, now and at most
    uint64_t faults;          // pages that had to be read from a disk
} Footprint;

Footprint footprint_now(void);

// "Linux riscv64", and the processor's name where /proc/cpuinfo has one.
void machine_describe(char *machine, size_t size);

// A number that no other start of the agent has.
uint64_t machine_boot(void);

#endif
