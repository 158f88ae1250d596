// SHA-256 (FIPS 180-4): identifies a model file on both ends of the wire.
#ifndef DUO_BASE_SHA256_H
#define DUO_BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

typedef struct {
    uint32_t state[8];
    uint8_t block[64];  // an incomplete block
    uint64_t total;     // bytes so far
} Sha256;

void sha256_begin(Sha256 *sha);
void sha256_add(Sha256 *sha, const void *bytes, size_t length);
void sha256_end(Sha256 *sha, uint8_t digest[32]);

bool sha256_file(const char *path, uint8_t digest[32], Failure *failure);

#endif
