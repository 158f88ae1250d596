// SHA-256 (FIPS 180-4) of a file: which model this is, on both ends of the wire.
#ifndef DUO_SHA256_H
#define DUO_SHA256_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"

bool sha256_file(const char *path, uint8_t digest[32], Failure *failure);

#endif
