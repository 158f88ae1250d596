// Sound in four bits a sample: IMA ADPCM. tui/duotui/link/adpcm.py decodes it.
#ifndef DUO_ADPCM_H
#define DUO_ADPCM_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    int32_t predictor;  // what a decoder has last given
    int32_t step;       // 0 to 88
} Adpcm;

// `count` samples, an even number, into half as many bytes; the lower half of a byte is the first.
void adpcm_encode(Adpcm *state, const int16_t *samples, size_t count, uint8_t *out);

#endif
