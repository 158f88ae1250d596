// IMA ADPCM: four bits a sample. duotui decodes it in adpcm.py.
#ifndef DUO_AGENT_ADPCM_H
#define DUO_AGENT_ADPCM_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    int32_t predictor;  // the decoder's last output
    int32_t step;       // 0 to 88
} Adpcm;

// Encode `count` samples, an even number, into count / 2 bytes, the low nibble first.
void adpcm_encode(Adpcm *state, const int16_t *samples, size_t count, uint8_t *out);

#endif
