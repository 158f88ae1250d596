#include "agent/system_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"

// KiB of the line `name` in /proc/self/status; 0 where there is none.
static uint32_t memory(const char *status, const char *name) {
    const char *line = strstr(status, name);
    return line ? (uint32_t)strtoul(line + strlen(name), NULL, 10) : 0;
}

MemoryUsage memory_usage(void) {
    char status[4096] = "";
    FILE *file = fopen("/proc/self/status", "r");
    if (file) {
        status[fread(status, 1, sizeof status - 1, file)] = '\0';
        fclose(file);
    }
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    return (MemoryUsage){
        .resident = memory(status, "VmRSS:"),
        .peak = memory(status, "VmHWM:"),
        .faults = (uint64_t)usage.ru_majflt,
    };
}

uint64_t system_boot_id(void) {
    uint64_t number = clock_now() ^ (uint64_t)getpid() << 32;
    FILE *file = fopen("/dev/urandom", "rb");
    if (file) {
        uint64_t drawn;
        if (fread(&drawn, sizeof drawn, 1, file) == 1) number = drawn;
        fclose(file);
    }
    return number;
}

void system_describe(char *machine, size_t size) {
    struct utsname name;
    if (uname(&name) < 0) return;
    int used = snprintf(machine, size, "%.30s %.30s", name.sysname, name.machine);
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    while (file && used > 0 && fgets(line, sizeof line, file)) {
        if (strncmp(line, "model name", 10) != 0 && strncmp(line, "uarch", 5) != 0) continue;
        char *value = strchr(line, ':');
        if (!value) continue;
        value += 1 + strspn(value + 1, " ");
        value[strcspn(value, "\n")] = '\0';
        snprintf(machine + used, size - (size_t)used, ", %.60s", value);
        break;
    }
    if (file) fclose(file);
}
