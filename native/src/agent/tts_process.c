#define _GNU_SOURCE
#include "agent/tts_process.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/subprocess.h"

enum { PROBE_TIMEOUT = 2000 };  // milliseconds

static struct {
    const char *program;  // NULL: no voice
    Subprocess process;
    char line[512];
    size_t length;
    TtsStatus status;
} tts = {.process = SUBPROCESS_NONE};

// Start the program with `text` as the one line of its stdin.
static bool start_process(const char *program, uint8_t volume, const uint8_t *text, size_t length) {
    char volume_text[4];
    snprintf(volume_text, sizeof volume_text, "%u", volume);
    tts.length = 0;
    return subprocess_start(&tts.process, (const char *[]){program, volume_text, NULL}, text,
                            length, false);
}

static void finish(TtsState state) {
    tts.status.state = state;
    tts.status.ended = clock_now();
}

static bool is_speaking(void) {
    return tts.status.state == TTS_PREPARING || tts.status.state == TTS_PLAYING;
}

bool tts_open(const char *program) {
    if (!program || !start_process(program, MAX_VOLUME, NULL, 0)) return false;
    struct pollfd fd = {.fd = tts.process.out, .events = POLLIN};
    uint64_t until = clock_now() + PROBE_TIMEOUT * 1000;
    ssize_t got = 1;
    while (got > 0) {
        uint64_t now = clock_now();
        if (now >= until || (poll(&fd, 1, (int)((until - now) / 1000 + 1)) < 0 && errno != EINTR)) {
            break;
        }
        got = read(tts.process.out, tts.line, sizeof tts.line);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) got = 1;
    }
    if (subprocess_end(&tts.process) && got == 0) tts.program = program;
    return tts.program != NULL;
}

bool tts_speak(uint32_t number, uint8_t volume, const uint8_t *text, size_t length) {
    TtsStatus *status = &tts.status;
    if (number == status->number && status->state != TTS_UNKNOWN) return false;
    tts_stop();
    *status = (TtsStatus){.number = number, .state = TTS_PREPARING, .asked = clock_now()};
    uint8_t line[4096];
    if (length > sizeof line) length = sizeof line;
    for (size_t i = 0; i < length; i++) line[i] = text[i] < ' ' ? ' ' : text[i];
    if (!tts.program) {
        tts_refuse(number, "this board has no voice");
    } else if (volume > MAX_VOLUME) {
        tts_refuse(number, "a volume is from 0 to 100");
    } else if (!start_process(tts.program, volume, line, length)) {
        tts_refuse(number, "the voice does not start");
    }
    return is_speaking();
}

void tts_refuse(uint32_t number, const char *why) {
    if (number == tts.status.number && !is_speaking()) return;
    tts_stop();
    tts.status = (TtsStatus){.number = number, .asked = clock_now()};
    snprintf(tts.status.trouble, sizeof tts.status.trouble, "%s", why);
    finish(TTS_FAILED);
}

void tts_stop(void) {
    subprocess_end(&tts.process);
    if (is_speaking()) finish(TTS_STOPPED);
}

int tts_fd(void) { return tts.process.out; }

// Parse a line of the program. True where audio starts with it.
static bool parse_line(const char *line) {
    TtsStatus *status = &tts.status;
    unsigned index, begins, at, size;
    if (sscanf(line, "S %u %u %u", &index, &begins, &size) == 3) {
        if (status->state != TTS_PREPARING) return false;
        status->state = TTS_PLAYING;
        status->begun = clock_now();
        status->length = size;
        return true;
    }
    if (sscanf(line, "W %u %u %u %u", &index, &begins, &at, &size) == 4) {
        if (status->count < MAX_WORDS && at <= UINT16_MAX && size <= UINT16_MAX) {
            status->words[status->count++] = (WordTiming){begins, (uint16_t)at, (uint16_t)size};
        }
    } else if (*line) {
        snprintf(status->trouble, sizeof status->trouble, "%.199s", line);
    }
    return false;
}

bool tts_read(void) {
    char bytes[1024];
    ssize_t got = read(tts.process.out, bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got <= 0) {
        finish(subprocess_end(&tts.process) ? TTS_DONE : TTS_FAILED);
        return true;
    }
    bool changed = false;
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] != '\n') {
            if (tts.length < sizeof tts.line - 1) tts.line[tts.length++] = bytes[i];
            continue;
        }
        tts.line[tts.length] = '\0';
        tts.length = 0;
        changed |= parse_line(tts.line);
    }
    return changed;
}

const TtsStatus *tts_status(void) { return &tts.status; }
