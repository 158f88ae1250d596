// CRC-32 (reflected, polynomial 0x04c11db7, as in zip): of a frame, of a section of a packed model.
#ifndef DUO_CRC32_H
#define DUO_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32(const void *bytes, size_t length);

// That of what `crc` is of, and then these.
uint32_t crc32_go_on(uint32_t crc, const void *bytes, size_t length);

#endif
