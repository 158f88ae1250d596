// SHA-256 (FIPS 180-4).
#ifndef DUO_SHA256_H
#define DUO_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32 };

typedef struct {
    uint32_t state[8];
    uint64_t size;  // bytes that were taken
    uint8_t block[64];
} Sha256;

void sha256_begin(Sha256 *sha);
void sha256_take(Sha256 *sha, const uint8_t *bytes, size_t size);
void sha256_end(Sha256 *sha, uint8_t hash[SHA256_SIZE]);

// Of a file's bytes. False, and errno, where it cannot be read.
bool sha256_file(const char *path, uint8_t hash[SHA256_SIZE]);

#endif
