// The board's voice: a program that says one sentence, and what has become of it.
// docs/speech.md says what that program is given and what it prints.
#ifndef DUO_VOICE_H
#define DUO_VOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VOLUME_MOST = 100 };
enum { VOICE_WORDS = 400 };  // that fit into a payload, beside what went wrong

typedef enum {
    SPEECH_UNKNOWN, SPEECH_PREPARED, SPEECH_HEARD, SPEECH_DONE, SPEECH_FAILED, SPEECH_STOPPED,
} SpeechState;

typedef struct {
    uint32_t begins;  // milliseconds after the sentence does
    uint16_t at, size;  // bytes of the sentence
} Word;

typedef struct {
    uint32_t number;
    SpeechState state;
    uint64_t asked, begun, ended;  // clock_now(); 0: not yet
    uint32_t length;  // milliseconds of sound; 0: not known yet
    char trouble[200];  // what the program said last that was neither a sentence nor a word
    Word words[VOICE_WORDS];
    size_t count;  // of them
} Speech;

// From now on `program` speaks. False where it does not: it was given nothing to say and failed, or
// was not done with that in two seconds.
bool voice_open(const char *program);

// Say `text` as sentence `number`; the one before ends. Asked again, the same sentence is not said
// again. True where it begins now.
bool voice_speak(uint32_t number, uint8_t volume, const uint8_t *text, size_t length);

// Sentence `number` is not said, for this reason.
void voice_refuse(uint32_t number, const char *why);

// Be silent.
void voice_stop(void);

// To be polled, and heard when it is readable. -1: nobody speaks.
int voice_descriptor(void);

// Take what the program says. True where the sentence's state has changed.
bool voice_hear(void);

// The last sentence that was asked for.
const Speech *voice_speech(void);

#endif
