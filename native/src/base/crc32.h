// CRC-32 (reflected, polynomial 0x04c11db7, as in zip) of frames and of a packed model's sections.
#ifndef DUO_BASE_CRC32_H
#define DUO_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32(const void *bytes, size_t length);

// The CRC-32 of the bytes that `crc` covers followed by these.
uint32_t crc32_continue(uint32_t crc, const void *bytes, size_t length);

#endif
