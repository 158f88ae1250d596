#include "base/crc32.h"

#include <pthread.h>
#include <string.h>

enum { AT_ONCE = 8 };

// remainders[k][b]: what byte b leaves when k more bytes have gone by, all of them 0.
static uint32_t remainders[AT_ONCE][256];

static void fill(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        remainders[0][byte] = crc;
    }
    for (int k = 1; k < AT_ONCE; k++) {
        for (int byte = 0; byte < 256; byte++) {
            uint32_t crc = remainders[k - 1][byte];
            remainders[k][byte] = crc >> 8 ^ remainders[0][crc & 255];
        }
    }
}

// Eight bytes at a time, each by its own table, so that their loads do not wait for each other
// (Kounavis and Berry 2005): a packed model of 44 MB is checked whenever it is opened.
uint32_t crc32_continue(uint32_t crc, const void *bytes, size_t length) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill);
    const uint8_t *data = bytes;
    crc = ~crc;
    for (; length >= AT_ONCE; length -= AT_ONCE, data += AT_ONCE) {
        uint32_t low, high;  // every machine that this is built for is little-endian
        memcpy(&low, data, sizeof low);
        memcpy(&high, data + 4, sizeof high);
        low ^= crc;
        crc = 0;
        for (int k = 0; k < 4; k++) {
            crc ^= remainders[7 - k][low >> 8 * k & 255] ^ remainders[3 - k][high >> 8 * k & 255];
        }
    }
    for (size_t i = 0; i < length; i++) crc = crc >> 8 ^ remainders[0][(crc ^ data[i]) & 255];
    return ~crc;
}

uint32_t crc32(const void *bytes, size_t length) { return crc32_continue(0, bytes, length); }
