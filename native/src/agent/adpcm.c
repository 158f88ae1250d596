#include "agent/adpcm.h"

// The IMA's tables: how large a step is, and where the next one is from what was taken.
static const int16_t sizes[] = {
    7,     8,     9,     10,    11,    12,    13,    14,    16,    17,    19,    21,    23,
    25,    28,    31,    34,    37,    41,    45,    50,    55,    60,    66,    73,    80,
    88,    97,    107,   118,   130,   143,   157,   173,   190,   209,   230,   253,   279,
    307,   337,   371,   408,   449,   494,   544,   598,   658,   724,   796,   876,   963,
    1060,  1166,  1282,  1411,  1552,  1707,  1878,  2066,  2272,  2499,  2749,  3024,  3327,
    3660,  4026,  4428,  4871,  5358,  5894,  6484,  7132,  7845,  8630,  9493,  10442, 11487,
    12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
};
static const int8_t moves[] = {-1, -1, -1, -1, 2, 4, 6, 8};

enum { LAST = sizeof sizes / sizeof *sizes - 1 };

static int32_t within(int32_t value, int32_t least, int32_t most) {
    return value < least ? least : value > most ? most : value;
}

static uint8_t encode(Adpcm *state, int32_t sample) {
    int32_t size = sizes[state->step], off = sample - state->predictor, taken = size >> 3;
    uint8_t code = off < 0 ? 8 : 0;
    if (off < 0) off = -off;
    for (uint8_t bit = 4; bit; bit >>= 1, size >>= 1) {
        if (off < size) continue;
        code |= bit;
        off -= size;
        taken += size;
    }
    state->predictor = within(state->predictor + (code & 8 ? -taken : taken), INT16_MIN, INT16_MAX);
    state->step = within(state->step + moves[code & 7], 0, LAST);
    return code;
}

void adpcm_encode(Adpcm *state, const int16_t *samples, size_t count, uint8_t *out) {
    for (size_t i = 0; i + 1 < count; i += 2) {
        uint8_t first = encode(state, samples[i]);
        out[i / 2] = (uint8_t)(first | encode(state, samples[i + 1]) << 4);
    }
}
