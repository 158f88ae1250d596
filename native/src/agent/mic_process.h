// The board's microphone: a program that records, and what has become of a listen. docs/speech.md says
// what that program is given and what it gives.
#ifndef DUO_EAR_H
#define DUO_EAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOUND_SAMPLES = 640, SOUND_RATE = 16000 };

typedef enum { EAR_UNKNOWN, EAR_OPENING, EAR_HEARS, EAR_OVER, EAR_FAILED } EarState;

typedef struct {
    uint32_t number;
    EarState state;
    char trouble[200];
} Hearing;

// A piece of it, which a decoder that begins with `predictor` and `step` understands by itself.
typedef struct {
    uint32_t index;
    int16_t predictor;
    uint8_t step;
    uint8_t data[SOUND_SAMPLES / 2];
} Sound;

typedef enum { EAR_NOTHING, EAR_SOUND, EAR_CHANGED } EarNews;

// From now on `program` records. False where it does not: it gave no sound within two seconds.
bool ear_open(const char *program);

// Listen, or go on with it. True where listen `number` begins now; the one before ends.
bool ear_listen(uint32_t number);

// Listen `number` does not begin, for this reason.
void ear_refuse(uint32_t number, const char *why);

// Listen no longer.
void ear_stop(void);

// To be polled, and heard when it is readable. -1: nobody records.
int ear_descriptor(void);

// Take what the program gives: a whole sound, or the end of it.
EarNews ear_hear(void);

// The last whole one.
const Sound *ear_sound(void);

// When to look whether it must end; UINT64_MAX: never.
uint64_t ear_due(void);

// Look; true where it has ended.
bool ear_overdue(uint64_t now);

// The last listen that was asked for.
const Hearing *ear_hearing(void);

#endif
