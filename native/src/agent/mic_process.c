#define _GNU_SOURCE
#include "agent/mic_process.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/adpcm.h"
#include "base/clock.h"
#include "base/subprocess.h"

// Microseconds.
enum {
    DEAF = 2000000,   // a recorder that gives nothing for so long has failed
    LEASE = 3000000,  // after the host has last asked
    MOST = 30000000,  // of a listen, whoever asks
};
enum { SOUNDS_MOST = MOST / 1000000 * SOUND_RATE / SOUND_SAMPLES };

static struct {
    const char *program;  // NULL: there is no microphone
    Subprocess process;
    Hearing hearing;
    uint64_t begun, asked, heard;
    uint8_t pcm[2 * SOUND_SAMPLES];
    size_t length;
    Adpcm coder;
    Sound sound;
    uint32_t sounds;
} ear = {.process = SUBPROCESS_NONE};

static bool start(const char *program) {
    ear.length = 0;
    return subprocess_start(&ear.process, (const char *[]){program, NULL}, NULL, 0, true);
}

// What read() says; at most to the end of a sound.
static ssize_t take(void) {
    ssize_t got = read(ear.process.out, ear.pcm + ear.length, sizeof ear.pcm - ear.length);
    if (got > 0) ear.length += (size_t)got;
    return got;
}

static bool listening(void) {
    return ear.hearing.state == EAR_OPENING || ear.hearing.state == EAR_HEARS;
}

bool ear_open(const char *program) {
    if (!program || !start(program)) return false;
    struct pollfd fd = {.fd = ear.process.out, .events = POLLIN};
    uint64_t until = clock_now() + DEAF;
    while (ear.length < sizeof ear.pcm) {
        uint64_t now = clock_now();
        if (now >= until || (poll(&fd, 1, (int)((until - now) / 1000 + 1)) < 0 && errno != EINTR)) break;
        ssize_t got = take();
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) break;
    }
    if (ear.length == sizeof ear.pcm) ear.program = program;
    subprocess_end(&ear.process);
    return ear.program != NULL;
}

bool ear_listen(uint32_t number) {
    Hearing *hearing = &ear.hearing;
    uint64_t now = clock_now();
    if (number == hearing->number && hearing->state != EAR_UNKNOWN) {
        ear.asked = now;
        return false;
    }
    ear_stop();
    *hearing = (Hearing){.number = number, .state = EAR_OPENING};
    ear.begun = ear.asked = ear.heard = now;
    ear.coder = (Adpcm){0};
    ear.sounds = 0;
    if (!ear.program) {
        ear_refuse(number, "this board has no microphone");
    } else if (!start(ear.program)) {
        ear_refuse(number, "the recorder does not start");
    }
    return listening();
}

void ear_refuse(uint32_t number, const char *why) {
    if (number == ear.hearing.number && !listening() && ear.hearing.state != EAR_UNKNOWN) return;
    ear_stop();
    ear.hearing = (Hearing){.number = number, .state = EAR_FAILED};
    snprintf(ear.hearing.trouble, sizeof ear.hearing.trouble, "%s", why);
}

void ear_stop(void) {
    subprocess_end(&ear.process);
    if (listening()) ear.hearing.state = EAR_OVER;
}

int ear_descriptor(void) { return ear.process.out; }

static void fail_hearing(const char *why) {
    Hearing *hearing = &ear.hearing;
    subprocess_last_error(&ear.process, hearing->trouble, sizeof hearing->trouble);
    if (!hearing->trouble[0]) snprintf(hearing->trouble, sizeof hearing->trouble, "%s", why);
    subprocess_end(&ear.process);
    hearing->state = EAR_FAILED;
}

static void encode(void) {
    int16_t samples[SOUND_SAMPLES];
    for (size_t i = 0; i < SOUND_SAMPLES; i++) {
        samples[i] = (int16_t)(ear.pcm[2 * i] | ear.pcm[2 * i + 1] << 8);
    }
    ear.sound.index = ear.sounds++;
    ear.sound.predictor = (int16_t)ear.coder.predictor;
    ear.sound.step = (uint8_t)ear.coder.step;
    adpcm_encode(&ear.coder, samples, SOUND_SAMPLES, ear.sound.data);
    ear.length = 0;
}

EarNews ear_hear(void) {
    ssize_t got = take();
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return EAR_NOTHING;
    if (got <= 0) {
        fail_hearing("the recorder has ended");
        return EAR_CHANGED;
    }
    ear.heard = clock_now();
    if (ear.length < sizeof ear.pcm) return EAR_NOTHING;
    ear.hearing.state = EAR_HEARS;
    encode();
    return EAR_SOUND;
}

const Sound *ear_sound(void) { return &ear.sound; }

uint64_t ear_due(void) {
    if (!listening()) return UINT64_MAX;
    uint64_t due = ear.begun + MOST;
    if (ear.asked + LEASE < due) due = ear.asked + LEASE;
    return ear.heard + DEAF < due ? ear.heard + DEAF : due;
}

bool ear_overdue(uint64_t now) {
    if (!listening()) return false;
    if (now >= ear.begun + MOST || now >= ear.asked + LEASE || ear.sounds >= SOUNDS_MOST) {
        ear_stop();
        return true;
    }
    if (now < ear.heard + DEAF) return false;
    // What it gives may be waiting for the terminal.
    struct pollfd fd = {.fd = ear.process.out, .events = POLLIN};
    if (poll(&fd, 1, 0) > 0) {
        ear.heard = now;
        return false;
    }
    fail_hearing("the microphone gives no sound");
    return true;
}

const Hearing *ear_hearing(void) { return &ear.hearing; }
