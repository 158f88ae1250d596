// The C encoder as a filter, for test_adpcm.py: 16 bit PCM in, for each sound a line out: what a
// decoder begins with, and its bytes in hex.
#include <stdio.h>

#include "agent/adpcm.h"
#include "agent/mic_process.h"

int main(void) {
    static int16_t samples[FRAME_SAMPLES];
    Adpcm state = {0};
    while (fread(samples, sizeof *samples, FRAME_SAMPLES, stdin) == FRAME_SAMPLES) {
        uint8_t out[FRAME_SAMPLES / 2];
        printf("%d %d ", state.predictor, state.step);
        adpcm_encode(&state, samples, FRAME_SAMPLES, out);
        for (size_t i = 0; i < sizeof out; i++) printf("%02x", out[i]);
        printf("\n");
    }
    return 0;
}
