// The microphone: a recording program as a child process (docs/speech.md), and the state of LISTEN.
#ifndef DUO_AGENT_MIC_PROCESS_H
#define DUO_AGENT_MIC_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_SAMPLES = 640, SAMPLE_RATE = 16000 };

typedef enum { MIC_UNKNOWN, MIC_OPENING, MIC_RECORDING, MIC_ENDED, MIC_FAILED } MicState;

typedef struct {
    uint32_t number;
    MicState state;
    char trouble[200];
} MicStatus;

// One ADPCM frame; a decoder starts from its own `predictor` and `step`.
typedef struct {
    uint32_t index;
    int16_t predictor;
    uint8_t step;
    uint8_t data[FRAME_SAMPLES / 2];
} AudioFrame;

typedef enum { MIC_NOTHING, MIC_FRAME, MIC_STATE_CHANGED } MicEvent;

// Record with `program` from now on. False where it yields no audio within two seconds.
bool mic_open(const char *program);

// Start LISTEN `number`, or renew its lease. True where it starts now; the one before ends.
bool mic_start(uint32_t number);

// Refuse LISTEN `number` with this reason.
void mic_refuse(uint32_t number, const char *why);

// Stop recording.
void mic_stop(void);

// The descriptor to poll for mic_read(); -1: not recording.
int mic_fd(void);

// Read from the program: MIC_FRAME where a frame is complete.
MicEvent mic_read(void);

// The last complete frame.
const AudioFrame *mic_frame(void);

// Time of the next mic_check_deadline(); UINT64_MAX: none.
uint64_t mic_deadline(void);

// End the recording if a deadline has passed; true where it has ended.
bool mic_check_deadline(uint64_t now);

// The state of the last LISTEN.
const MicStatus *mic_status(void);

#endif
