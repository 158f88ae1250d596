// Text to speech: a program as a child process that says one sentence (docs/speech.md), and its
// state.
#ifndef DUO_AGENT_TTS_PROCESS_H
#define DUO_AGENT_TTS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_WORDS = 400 };  // that fit into SPEECH, beside the error

typedef enum {
    TTS_UNKNOWN,
    TTS_PREPARING,
    TTS_PLAYING,
    TTS_DONE,
    TTS_FAILED,
    TTS_STOPPED,
} TtsState;

typedef struct {
    uint32_t begins;    // milliseconds after the start of the sentence
    uint16_t at, size;  // in bytes of the sentence
} WordTiming;

typedef struct {
    uint32_t number;
    TtsState state;
    uint64_t asked, begun, ended;  // clock_now(); 0: not yet
    uint32_t length;               // milliseconds of audio; 0: not known yet
    char trouble[200];             // the program's last line that was neither S nor W
    WordTiming words[MAX_WORDS];
    size_t count;  // of words
} TtsStatus;

// Speak with `program` from now on. False where a run without text fails or takes over two seconds.
bool tts_open(const char *program);

// Say `text` as sentence `number`; the one before ends. True where it starts now; a repeated
// request with the same number does nothing.
bool tts_speak(uint32_t number, uint8_t volume, const uint8_t *text, size_t length);

// Refuse sentence `number` with this reason.
void tts_refuse(uint32_t number, const char *why);

// Stop speaking.
void tts_stop(void);

// The descriptor to poll for tts_read(); -1: not speaking.
int tts_fd(void);

// Read the program's output. True where the state has changed.
bool tts_read(void);

// The state of the last sentence.
const TtsStatus *tts_status(void);

#endif
