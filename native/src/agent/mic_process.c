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
    SILENCE_TIMEOUT = 2000000,  // a recorder without output for so long has failed
    LISTEN_LEASE = 3000000,     // after the host's last LISTEN
    MAX_DURATION = 30000000,    // of one LISTEN
};
enum { MAX_FRAMES = MAX_DURATION / 1000000 * SAMPLE_RATE / FRAME_SAMPLES };

static struct {
    const char *program;  // NULL: no microphone
    Subprocess process;
    MicStatus status;
    uint64_t started_at, asked_at, data_at;
    uint8_t pcm[2 * FRAME_SAMPLES];
    size_t length;
    Adpcm coder;
    AudioFrame frame;
    uint32_t frames;
} mic = {.process = SUBPROCESS_NONE};

static bool start_recorder(const char *program) {
    mic.length = 0;
    return subprocess_start(&mic.process, (const char *[]){program, NULL}, NULL, 0, true);
}

// read(), at most to the end of a frame; its result.
static ssize_t read_pcm(void) {
    ssize_t got = read(mic.process.out, mic.pcm + mic.length, sizeof mic.pcm - mic.length);
    if (got > 0) mic.length += (size_t)got;
    return got;
}

static bool is_listening(void) {
    return mic.status.state == MIC_OPENING || mic.status.state == MIC_RECORDING;
}

bool mic_open(const char *program) {
    if (!program || !start_recorder(program)) return false;
    struct pollfd fd = {.fd = mic.process.out, .events = POLLIN};
    uint64_t until = clock_now() + SILENCE_TIMEOUT;
    while (mic.length < sizeof mic.pcm) {
        uint64_t now = clock_now();
        if (now >= until || (poll(&fd, 1, (int)((until - now) / 1000 + 1)) < 0 && errno != EINTR)) {
            break;
        }
        ssize_t got = read_pcm();
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) break;
    }
    if (mic.length == sizeof mic.pcm) mic.program = program;
    subprocess_end(&mic.process);
    return mic.program != NULL;
}

bool mic_start(uint32_t number) {
    MicStatus *status = &mic.status;
    uint64_t now = clock_now();
    if (number == status->number && status->state != MIC_UNKNOWN) {
        mic.asked_at = now;
        return false;
    }
    mic_stop();
    *status = (MicStatus){.number = number, .state = MIC_OPENING};
    mic.started_at = mic.asked_at = mic.data_at = now;
    mic.coder = (Adpcm){0};
    mic.frames = 0;
    if (!mic.program) {
        mic_refuse(number, "this board has no microphone");
    } else if (!start_recorder(mic.program)) {
        mic_refuse(number, "the recorder does not start");
    }
    return is_listening();
}

void mic_refuse(uint32_t number, const char *why) {
    if (number == mic.status.number && !is_listening() && mic.status.state != MIC_UNKNOWN) return;
    mic_stop();
    mic.status = (MicStatus){.number = number, .state = MIC_FAILED};
    snprintf(mic.status.trouble, sizeof mic.status.trouble, "%s", why);
}

void mic_stop(void) {
    subprocess_end(&mic.process);
    if (is_listening()) mic.status.state = MIC_ENDED;
}

int mic_fd(void) { return mic.process.out; }

static void fail_recording(const char *why) {
    MicStatus *status = &mic.status;
    subprocess_last_error(&mic.process, status->trouble, sizeof status->trouble);
    if (!status->trouble[0]) snprintf(status->trouble, sizeof status->trouble, "%s", why);
    subprocess_end(&mic.process);
    status->state = MIC_FAILED;
}

static void encode_frame(void) {
    int16_t samples[FRAME_SAMPLES];
    for (size_t i = 0; i < FRAME_SAMPLES; i++) {
        samples[i] = (int16_t)(mic.pcm[2 * i] | mic.pcm[2 * i + 1] << 8);
    }
    mic.frame.index = mic.frames++;
    mic.frame.predictor = (int16_t)mic.coder.predictor;
    mic.frame.step = (uint8_t)mic.coder.step;
    adpcm_encode(&mic.coder, samples, FRAME_SAMPLES, mic.frame.data);
    mic.length = 0;
}

MicEvent mic_read(void) {
    ssize_t got = read_pcm();
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return MIC_NOTHING;
    if (got <= 0) {
        fail_recording("the recorder has ended");
        return MIC_STATE_CHANGED;
    }
    mic.data_at = clock_now();
    if (mic.length < sizeof mic.pcm) return MIC_NOTHING;
    mic.status.state = MIC_RECORDING;
    encode_frame();
    return MIC_FRAME;
}

const AudioFrame *mic_frame(void) { return &mic.frame; }

uint64_t mic_deadline(void) {
    if (!is_listening()) return UINT64_MAX;
    uint64_t due = mic.started_at + MAX_DURATION;
    if (mic.asked_at + LISTEN_LEASE < due) due = mic.asked_at + LISTEN_LEASE;
    return mic.data_at + SILENCE_TIMEOUT < due ? mic.data_at + SILENCE_TIMEOUT : due;
}

bool mic_check_deadline(uint64_t now) {
    if (!is_listening()) return false;
    if (now >= mic.started_at + MAX_DURATION || now >= mic.asked_at + LISTEN_LEASE ||
        mic.frames >= MAX_FRAMES) {
        mic_stop();
        return true;
    }
    if (now < mic.data_at + SILENCE_TIMEOUT) return false;
    // Output may be waiting in the pipe because the tty is slow.
    struct pollfd fd = {.fd = mic.process.out, .events = POLLIN};
    if (poll(&fd, 1, 0) > 0) {
        mic.data_at = now;
        return false;
    }
    fail_recording("the microphone gives no sound");
    return true;
}

const MicStatus *mic_status(void) { return &mic.status; }
