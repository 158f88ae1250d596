// duospeak: sentences on stdin, a line each, become sound; docs/speech.md says what it prints.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "flite.h"

enum { RATE = 8000, LINE = 4096, WAV_HEADER = 44 };

// OSS, by number: a board's C library may come without the kernel's headers.
enum { DSP_SPEED = 0xC0045002, DSP_FORMAT = 0xC0045005, DSP_CHANNELS = 0xC0045006 };
enum { DSP_SYNC = 0x5001, DSP_S16_LE = 0x10 };

cst_voice *register_cmu_us_kal(const char *folder);

static FILE *out;
static long written;      // samples
static int volume = 100;  // of which 100 is the voice as it is

static void fail(const char *what, const char *why) {
    fprintf(stderr, "duospeak: %s: %s\n", what, why);
    exit(2);
}

static void put(const void *data, size_t size) {
    if (fwrite(data, 1, size, out) != size) fail("sound cannot be written", strerror(errno));
}

static void put_number(uint32_t value, int bytes) {
    uint8_t data[4];
    for (int i = 0; i < bytes; i++) data[i] = (uint8_t)(value >> 8 * i);
    put(data, (size_t)bytes);
}

static void wav_header(uint32_t samples) {
    put("RIFF", 4);
    put_number(WAV_HEADER - 8 + 2 * samples, 4);
    put("WAVEfmt ", 8);
    put_number(16, 4);
    put_number(1, 2);  // PCM
    put_number(1, 2);
    put_number(RATE, 4);
    put_number(2 * RATE, 4);
    put_number(2, 2);
    put_number(16, 2);
    put("data", 4);
    put_number(2 * samples, 4);
}

static FILE *device(const char *path) {
    int file = open(path, O_WRONLY), format = DSP_S16_LE, channels = 1, rate = RATE;
    if (file < 0) fail(path, strerror(errno));
    if (ioctl(file, (int)DSP_FORMAT, &format) < 0 ||
        ioctl(file, (int)DSP_CHANNELS, &channels) < 0 || ioctl(file, (int)DSP_SPEED, &rate) < 0 ||
        format != DSP_S16_LE || channels != 1) {
        fail(path, "it takes no sound of 16 bits and one channel");
    }
    if (rate < RATE - RATE / 50 || rate > RATE + RATE / 50) fail(path, "it cannot play 8000 Hz");
    return fdopen(file, "wb");
}

static uint16_t as_loud_as_asked(int sample) {
    return (uint16_t)((sample * volume + (sample < 0 ? -50 : 50)) / 100);
}

static long milliseconds(long samples) { return samples * 1000 / RATE; }

// When the words of a sentence begin: where the one before has ended.
static void tell_words(const cst_utterance *utterance, int index, const char *line) {
    const char *at = line;
    float ended = 0;
    for (cst_item *token = relation_head(utt_relation(utterance, "Token")); token;
         token = item_next(token)) {
        const char *name = item_name(token), *found = strstr(at, name);
        if (found) {
            printf("W %d %ld %ld %zu\n", index, milliseconds(written) + (long)(1000 * ended),
                   (long)(found - line), strlen(name));
            at = found + strlen(name);
        }
        for (cst_item *word = item_daughter(token); word; word = item_next(word)) {
            ended = ffeature_float(word, "R:SylStructure.daughtern.daughtern.R:Segment.end");
        }
    }
}

static void speak(cst_voice *voice, int index, const char *line) {
    cst_utterance *utterance = flite_synth_text(line, voice);
    cst_wave *wave = utterance ? utt_wave(utterance) : NULL;
    if (!wave || wave->sample_rate != RATE || wave->num_channels != 1) {
        fail("a sentence cannot be spoken", line);
    }
    tell_words(utterance, index, line);
    printf("S %d %ld %ld\n", index, milliseconds(written), milliseconds(wave->num_samples));
    fflush(stdout);
    for (int i = 0; i < wave->num_samples; i++) put_number(as_loud_as_asked(wave->samples[i]), 2);
    written += wave->num_samples;
    delete_utterance(utterance);
}

int main(int count, char **words) {
    if (count == 5 && strcmp(words[1], "-v") == 0) {
        char *end;
        long loud = strtol(words[2], &end, 10);
        if (end == words[2] || *end || loud < 0 || loud > 100) {
            fail("a volume is from 0 to 100", words[2]);
        }
        volume = (int)loud;
        words += 2;
        count -= 2;
    }
    if (count != 3 || words[1][0] != '-' || !strchr("odc", words[1][1]) || words[1][2]) {
        fail("usage", "duospeak [-v VOLUME] -o FILE.wav | -d DEVICE | -c COMMAND <SENTENCES");
    }
    signal(SIGPIPE, SIG_IGN);  // a player that ends is an error of writing
    char how = words[1][1];
    const char *where = words[2];
    out = how == 'd' ? device(where) : how == 'c' ? popen(where, "w") : fopen(where, "wb");
    if (!out) fail(where, strerror(errno));
    if (how == 'o') wav_header(0);
    flite_init();
    cst_voice *voice = register_cmu_us_kal(NULL);
    char line[LINE];
    for (int index = 0; fgets(line, sizeof line, stdin); index++) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[strspn(line, " \t")]) speak(voice, index, line);
    }
    if (fflush(out)) fail(where, strerror(errno));
    if (how == 'd') ioctl(fileno(out), DSP_SYNC);
    if (how == 'o') {
        if (fseek(out, 0, SEEK_SET)) fail(where, strerror(errno));
        wav_header((uint32_t)written);
    }
    if (how == 'c' ? pclose(out) : fclose(out)) fail(where, "the player failed");
    return 0;
}
