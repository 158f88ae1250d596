// The events of a story from START to END, as the bytes that go into EVENT payloads after the index.
#ifndef DUO_JOURNAL_H
#define DUO_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t story;  // 0: none
    uint32_t count;
    uint8_t *bytes;
    size_t size, room;
    uint32_t *ends;  // where each event ends in `bytes`
    size_t ends_room;
} Journal;

// Forget what is there and hold `story`. False where memory is short: then what is there stays.
bool journal_begin(Journal *journal, uint32_t story);

// Add an event. False where memory is short. The last one, of JOURNAL_LAST bytes at most with its
// kind, always fits, so that a story can end.
enum { JOURNAL_LAST = 32 };
bool journal_add(Journal *journal, uint8_t kind, const uint8_t *body, size_t size);
void journal_add_last(Journal *journal, uint8_t kind, const uint8_t *body, size_t size);

// The event's kind and body; `size` gets their bytes. Lives until the next change.
const uint8_t *journal_event(const Journal *journal, uint32_t index, size_t *size);

void journal_free(Journal *journal);

#endif
