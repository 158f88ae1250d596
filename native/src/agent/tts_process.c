#define _GNU_SOURCE
#include "agent/tts_process.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/subprocess.h"

enum { PROBE = 2000 };  // milliseconds

static struct {
    const char *program;  // NULL: there is no voice
    Subprocess process;
    char line[512];
    size_t length;
    Speech speech;
} voice = {.process = SUBPROCESS_NONE};

// Start the program with `text` as the one line of its stdin.
static bool start(const char *program, uint8_t volume, const uint8_t *text, size_t length) {
    char loud[4];
    snprintf(loud, sizeof loud, "%u", volume);
    voice.length = 0;
    return subprocess_start(&voice.process, (const char *[]){program, loud, NULL}, text, length, false);
}

static void end(SpeechState state) {
    voice.speech.state = state;
    voice.speech.ended = clock_now();
}

static bool speaking(void) {
    return voice.speech.state == SPEECH_PREPARED || voice.speech.state == SPEECH_HEARD;
}

bool voice_open(const char *program) {
    if (!program || !start(program, VOLUME_MOST, NULL, 0)) return false;
    struct pollfd fd = {.fd = voice.process.out, .events = POLLIN};
    uint64_t until = clock_now() + PROBE * 1000;
    ssize_t got = 1;
    while (got > 0) {
        uint64_t now = clock_now();
        if (now >= until || (poll(&fd, 1, (int)((until - now) / 1000 + 1)) < 0 && errno != EINTR)) break;
        got = read(voice.process.out, voice.line, sizeof voice.line);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) got = 1;
    }
    if (subprocess_end(&voice.process) && got == 0) voice.program = program;
    return voice.program != NULL;
}

bool voice_speak(uint32_t number, uint8_t volume, const uint8_t *text, size_t length) {
    Speech *speech = &voice.speech;
    if (number == speech->number && speech->state != SPEECH_UNKNOWN) return false;
    voice_stop();
    *speech = (Speech){.number = number, .state = SPEECH_PREPARED, .asked = clock_now()};
    uint8_t line[4096];
    if (length > sizeof line) length = sizeof line;
    for (size_t i = 0; i < length; i++) line[i] = text[i] < ' ' ? ' ' : text[i];
    if (!voice.program) {
        voice_refuse(number, "this board has no voice");
    } else if (volume > VOLUME_MOST) {
        voice_refuse(number, "a volume is from 0 to 100");
    } else if (!start(voice.program, volume, line, length)) {
        voice_refuse(number, "the voice does not start");
    }
    return speaking();
}

void voice_refuse(uint32_t number, const char *why) {
    if (number == voice.speech.number && !speaking()) return;
    voice_stop();
    voice.speech = (Speech){.number = number, .asked = clock_now()};
    snprintf(voice.speech.trouble, sizeof voice.speech.trouble, "%s", why);
    end(SPEECH_FAILED);
}

void voice_stop(void) {
    subprocess_end(&voice.process);
    if (speaking()) end(SPEECH_STOPPED);
}

int voice_descriptor(void) { return voice.process.out; }

// A line of the program. True where the sentence begins with it.
static bool understand(const char *line) {
    Speech *speech = &voice.speech;
    unsigned index, begins, at, size;
    if (sscanf(line, "S %u %u %u", &index, &begins, &size) == 3) {
        if (speech->state != SPEECH_PREPARED) return false;
        speech->state = SPEECH_HEARD;
        speech->begun = clock_now();
        speech->length = size;
        return true;
    }
    if (sscanf(line, "W %u %u %u %u", &index, &begins, &at, &size) == 4) {
        if (speech->count < VOICE_WORDS && at <= UINT16_MAX && size <= UINT16_MAX) {
            speech->words[speech->count++] = (Word){begins, (uint16_t)at, (uint16_t)size};
        }
    } else if (*line) {
        snprintf(speech->trouble, sizeof speech->trouble, "%.199s", line);
    }
    return false;
}

bool voice_hear(void) {
    char bytes[1024];
    ssize_t got = read(voice.process.out, bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got <= 0) {
        end(subprocess_end(&voice.process) ? SPEECH_DONE : SPEECH_FAILED);
        return true;
    }
    bool changed = false;
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] != '\n') {
            if (voice.length < sizeof voice.line - 1) voice.line[voice.length++] = bytes[i];
            continue;
        }
        voice.line[voice.length] = '\0';
        voice.length = 0;
        changed |= understand(voice.line);
    }
    return changed;
}

const Speech *voice_speech(void) { return &voice.speech; }
