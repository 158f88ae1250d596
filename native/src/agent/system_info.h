// The machine and this process, for HELLO and STATS.
#ifndef DUO_AGENT_SYSTEM_INFO_H
#define DUO_AGENT_SYSTEM_INFO_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t resident, peak;  // KiB of resident memory, now and peak
    uint64_t faults;          // major page faults
} MemoryUsage;

MemoryUsage memory_usage(void);

// "Linux riscv64", and the processor's name where /proc/cpuinfo has one.
void system_describe(char *machine, size_t size);

// A random number that identifies this start of the agent.
uint64_t system_boot_id(void);

#endif
