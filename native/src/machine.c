#define _POSIX_C_SOURCE 200809L
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "utf8.h"

// The value of the first line "key : value", without blanks around it. Empty where there is none.
static void find_value(const char *path, const char *key, char *value, size_t room) {
    char line[256];
    *value = '\0';
    FILE *file = fopen(path, "r");
    if (!file) return;
    while (!*value && fgets(line, sizeof line, file)) {
        if (strncmp(line, key, strlen(key)) != 0) continue;
        char *colon = strchr(line, ':');
        if (!colon) continue;
        colon += 1 + strspn(colon + 1, " \t");
        colon[strcspn(colon, "\r\n")] = '\0';
        snprintf(value, room, "%s", colon);
    }
    fclose(file);
}

static void make_valid(char *text) {
    if (utf8_valid(text)) return;
    for (; *text; text++) {
        if (*text & 0x80) *text = '?';
    }
}

void machine_name(char *name, size_t room) {
    static const char *const keys[] = {"model name", "uarch", "Hardware", "isa"};
    char processor[100] = "";
    for (size_t i = 0; i < sizeof keys / sizeof *keys && !*processor; i++) {
        find_value("/proc/cpuinfo", keys[i], processor, sizeof processor);
    }
    struct utsname system;
    if (uname(&system) != 0) system = (struct utsname){.sysname = "unknown"};
    snprintf(name, room, "%.60s %.60s%s%s", system.sysname, system.machine, *processor ? ", " : "",
             processor);
    make_valid(name);
}

void file_name(const char *path, char *name, size_t room) {
    const char *slash = strrchr(path, '/');
    snprintf(name, room, "%s", slash ? slash + 1 : path);
    make_valid(name);
}

uint64_t machine_random(void) {
    uint64_t number = 0;
    FILE *file = fopen("/dev/urandom", "rb");
    size_t read = file ? fread(&number, sizeof number, 1, file) : 0;
    if (file) fclose(file);
    if (read == 1) return number;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec) * 0x9E3779B97F4A7C15u ^ (uint64_t)getpid();
}

static uint32_t kibibytes(const char *key) {
    char value[64];
    find_value("/proc/self/status", key, value, sizeof value);
    return (uint32_t)strtoul(value, NULL, 10);
}

Memory machine_memory(void) {
    struct rusage usage;
    Memory memory = {.rss = kibibytes("VmRSS"), .peak = kibibytes("VmHWM")};
    if (getrusage(RUSAGE_SELF, &usage) == 0) memory.faults = (uint64_t)usage.ru_majflt;
    return memory;
}
