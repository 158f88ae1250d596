#include "journal.h"

#include <stdlib.h>
#include <string.h>

// Room for `size` bytes and one event more, and then still for the last.
static bool grow(Journal *j, size_t size) {
    size_t bytes = j->size + size + JOURNAL_LAST;
    if (bytes > UINT32_MAX) return false;
    if (bytes > j->room) {
        size_t room = bytes + bytes / 2;
        uint8_t *grown = realloc(j->bytes, room);
        if (!grown) return false;
        j->bytes = grown;
        j->room = room;
    }
    size_t ends = (size_t)j->count + 2;
    if (ends > j->ends_room) {
        size_t room = ends + ends / 2;
        uint32_t *grown = realloc(j->ends, room * sizeof *grown);
        if (!grown) return false;
        j->ends = grown;
        j->ends_room = room;
    }
    return true;
}

bool journal_begin(Journal *j, uint32_t story) {
    Journal begun = {.story = story};
    if (!grow(&begun, 4096)) {
        journal_free(&begun);
        return false;
    }
    journal_free(j);
    *j = begun;
    return true;
}

bool journal_add(Journal *j, uint8_t kind, const uint8_t *body, size_t size) {
    if (!grow(j, 1 + size)) return false;
    journal_add_last(j, kind, body, size);
    return true;
}

void journal_add_last(Journal *j, uint8_t kind, const uint8_t *body, size_t size) {
    j->bytes[j->size] = kind;
    memcpy(j->bytes + j->size + 1, body, size);
    j->size += 1 + size;
    j->ends[j->count++] = (uint32_t)j->size;
}

const uint8_t *journal_event(const Journal *j, uint32_t index, size_t *size) {
    size_t start = index ? j->ends[index - 1] : 0;
    *size = j->ends[index] - start;
    return j->bytes + start;
}

void journal_free(Journal *j) {
    free(j->bytes);
    free(j->ends);
    *j = (Journal){0};
}
