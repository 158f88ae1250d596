#define _GNU_SOURCE
#include "voice.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "story.h"

enum { PROBE = 2000 };  // milliseconds

extern char **environ;

static struct {
    const char *program;  // NULL: there is no voice
    pid_t process;  // 0: none
    int said;  // its stdout and stderr; -1: none
    char line[512];
    size_t length;
    Speech speech;
} voice = {.said = -1};

// Start the program with `text` as the one line of its stdin.
static bool start(const char *program, const uint8_t *text, size_t length) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) < 0) return false;
    if (pipe2(out, O_CLOEXEC) < 0) {
        close(in[0]);
        close(in[1]);
        return false;
    }
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], 0);
    posix_spawn_file_actions_adddup2(&files, out[1], 1);
    posix_spawn_file_actions_adddup2(&files, out[1], 2);
    // A group of its own, so that a player that it starts ends with it.
    posix_spawnattr_t how;
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_init(&how);
    posix_spawnattr_setpgroup(&how, 0);
    posix_spawnattr_setsigdefault(&how, &usual);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    char *arguments[] = {(char *)(uintptr_t)program, NULL};
    bool started = posix_spawn(&voice.process, program, &files, &how, arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    close(in[0]);
    close(out[1]);
    // Less than a pipe holds: this does not wait. A program that has ended already says so itself.
    if (started && length > 0 && (write(in[1], text, length) < 0 || write(in[1], "\n", 1) < 0)) {
        errno = 0;
    }
    close(in[1]);
    if (!started) {
        close(out[0]);
        voice.process = 0;
        return false;
    }
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    voice.said = out[0];
    voice.length = 0;
    return true;
}

// Let go of the program, which has ended or must; whether it did what it was told.
static bool finish(void) {
    if (!voice.process) return false;
    int status = 0;
    // One that is about to leave keeps the status that it leaves with.
    kill(-voice.process, SIGKILL);
    while (waitpid(voice.process, &status, 0) < 0 && errno == EINTR) continue;
    close(voice.said);
    voice.said = -1;
    voice.process = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void end(SpeechState state) {
    voice.speech.state = state;
    voice.speech.ended = clock_now();
}

static bool speaking(void) {
    return voice.speech.state == SPEECH_PREPARED || voice.speech.state == SPEECH_HEARD;
}

bool voice_open(const char *program) {
    if (!program || !start(program, NULL, 0)) return false;
    struct pollfd fd = {.fd = voice.said, .events = POLLIN};
    uint64_t until = clock_now() + PROBE * 1000;
    ssize_t got = 1;
    while (got > 0) {
        uint64_t now = clock_now();
        if (now >= until || (poll(&fd, 1, (int)((until - now) / 1000 + 1)) < 0 && errno != EINTR)) break;
        got = read(voice.said, voice.line, sizeof voice.line);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) got = 1;
    }
    if (finish() && got == 0) voice.program = program;
    return voice.program != NULL;
}

void voice_speak(uint32_t number, const uint8_t *text, size_t length) {
    Speech *speech = &voice.speech;
    if (number == speech->number && speech->state != SPEECH_UNKNOWN) return;
    voice_stop();
    *speech = (Speech){.number = number, .state = SPEECH_PREPARED, .asked = clock_now()};
    uint8_t line[4096];
    if (length > sizeof line) length = sizeof line;
    for (size_t i = 0; i < length; i++) line[i] = text[i] < ' ' ? ' ' : text[i];
    if (!voice.program) {
        voice_refuse(number, "this board has no voice");
    } else if (!start(voice.program, line, length)) {
        voice_refuse(number, "the voice does not start");
    }
}

void voice_refuse(uint32_t number, const char *why) {
    if (number == voice.speech.number && !speaking()) return;
    voice_stop();
    voice.speech = (Speech){.number = number, .asked = clock_now()};
    snprintf(voice.speech.trouble, sizeof voice.speech.trouble, "%s", why);
    end(SPEECH_FAILED);
}

void voice_stop(void) {
    finish();
    if (speaking()) end(SPEECH_STOPPED);
}

int voice_descriptor(void) { return voice.said; }

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
    ssize_t got = read(voice.said, bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got <= 0) {
        end(finish() ? SPEECH_DONE : SPEECH_FAILED);
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
