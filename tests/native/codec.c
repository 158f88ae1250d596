// The C codec as a filter, for test_codec.py: each line of hex is fed to a new decoder, byte by
// byte; out come its frames as "type seq payload", its noise as "noise N", and each frame encoded
// anew as "again HEX".
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/frame.h"

static void print_hex(const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) printf("%02x", bytes[i]);
}

int main(void) {
    static char line[1 << 16];
    static uint8_t out[FRAME_WIRE];
    while (fgets(line, sizeof line, stdin)) {
        // On the heap, so that ASan sees a step past its end.
        FrameDecoder *decoder = calloc(1, sizeof *decoder);
        for (const char *p = line; p[0] != '\n' && p[0]; p += 2) {
            unsigned byte;
            if (sscanf(p, "%2x", &byte) != 1) return 2;
            Frame frame;
            if (!frame_decode(decoder, (uint8_t)byte, &frame)) continue;
            printf("%u %u ", frame.type, frame.seq);
            print_hex(frame.payload, frame.length);
            printf("\nagain ");
            print_hex(out, frame_encode(out, frame.type, frame.seq, frame.payload, frame.length));
            printf("\n");
        }
        printf("noise %llu\n", (unsigned long long)decoder->noise);
        free(decoder);
    }
    return 0;
}
