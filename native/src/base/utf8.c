#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

typedef enum { COMPLETE, PREFIX, INVALID } Form;

// What the first `count` (1 to 4) bytes are: a character, the start of one, or neither.
// The second byte's range excludes overlong forms, surrogates and what is above U+10FFFF.
static Form form_of(const unsigned char *bytes, size_t count) {
    unsigned char lead = bytes[0];
    if (lead < 0x80) return count == 1 ? COMPLETE : INVALID;
    if (lead < 0xC2 || lead > 0xF4) return INVALID;
    size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (count > length) return INVALID;

    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (count > 1 && (bytes[1] < low || bytes[1] > high)) return INVALID;
    for (size_t i = 2; i < count; i++) {
        if ((bytes[i] & 0xC0) != 0x80) return INVALID;
    }
    return count == length ? COMPLETE : PREFIX;
}

bool utf8_valid(const char *text) {
    const unsigned char *c = (const unsigned char *)text;
    while (*c) {
        size_t count = 1;
        Form form = form_of(c, count);
        // A NUL is never a continuation byte, so this stops before it reads past the end.
        while (form == PREFIX) form = form_of(c, ++count);
        if (form == INVALID) return false;
        c += count;
    }
    return true;
}

static bool is_control(const unsigned char *bytes, size_t count) {
    if (count == 1) {
        return (bytes[0] < 0x20 && bytes[0] != '\n' && bytes[0] != '\t') || bytes[0] == 0x7F;
    }
    return count == 2 && bytes[0] == 0xC2 && bytes[1] < 0xA0;  // U+0080 to U+009F: C1, 8-bit CSI
}

static size_t put_replacement(char *out) {
    memcpy(out, "\xEF\xBF\xBD", 3);
    return 3;
}

size_t utf8_push(Utf8Stream *stream, const char *bytes, size_t length, char *out) {
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        stream->held[stream->count++] = (unsigned char)bytes[i];
        Form form = form_of(stream->held, stream->count);
        if (form == INVALID && stream->count > 1) {
            // The start was cut off; the byte that showed it may itself begin a character.
            written += put_replacement(out + written);
            stream->held[0] = (unsigned char)bytes[i];
            stream->count = 1;
            form = form_of(stream->held, 1);
        }
        if (form == PREFIX) continue;
        if (form == INVALID) {
            written += put_replacement(out + written);
        } else if (!is_control(stream->held, stream->count)) {
            memcpy(out + written, stream->held, stream->count);
            written += stream->count;
        }
        stream->count = 0;
    }
    return written;
}

size_t utf8_end(Utf8Stream *stream, char *out) {
    if (stream->count == 0) return 0;
    stream->count = 0;
    return put_replacement(out);
}
