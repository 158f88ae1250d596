// UTF-8: is a text valid, and bytes that come in pieces made fit for a terminal.
#ifndef DUO_UTF8_H
#define DUO_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_valid(const char *text);

// Pieces of a story may end in the middle of a character (byte-fallback tokens always do), so
// what is not complete waits here for the next piece.
typedef struct {
    unsigned char held[4];
    size_t count;
} Utf8Stream;

// Room that the output of utf8_push() needs for `length` bytes in, and of utf8_end().
#define UTF8_ROOM(length) (3 * (length) + 9)

// Take `length` bytes in, write what is complete to `out`, return its bytes. Invalid bytes become
// U+FFFD. Control characters other than newline and tab are dropped, since terminals obey them.
size_t utf8_push(Utf8Stream *stream, const char *bytes, size_t length, char *out);

// The end of the text: what still waits is incomplete for ever.
size_t utf8_end(Utf8Stream *stream, char *out);

#endif
