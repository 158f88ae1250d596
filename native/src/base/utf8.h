// UTF-8 validation, and a stream decoder that makes token text safe for a terminal.
#ifndef DUO_BASE_UTF8_H
#define DUO_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_valid(const char *text);

// A token's text may end in the middle of a character (byte-fallback tokens always do). An
// incomplete character is held here until the next token's text.
typedef struct {
    unsigned char held[4];
    size_t count;
} Utf8Stream;

// Room that the output of utf8_push() needs for `length` bytes in, and of utf8_end().
#define UTF8_ROOM(length) (3 * (length) + 9)

// Take `length` bytes in, write what is complete to `out`, return its bytes. Invalid bytes become
// U+FFFD. Control characters other than newline and tab are dropped, since terminals obey them.
size_t utf8_push(Utf8Stream *stream, const char *bytes, size_t length, char *out);

// The end of the text: an incomplete character becomes U+FFFD.
size_t utf8_end(Utf8Stream *stream, char *out);

#endif
