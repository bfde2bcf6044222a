#include "interpose/python_store.h"

#include <string.h>

#include "interpose/raw.h"
#include "interpose/session.h"

#define FIRST_ROOM 256u

/* Open addressing over the hash; the records stay where they were written. */
struct entry {
    uint64_t hash;
    const struct recording_python *record;
};

static struct entry *entries;
static const struct recording_python **by_id; /* index: id */
static uint32_t room, used;                   /* of both; half of the entries are used at most */

void python_store_start(void) {
    entries = NULL;
    by_id = NULL;
    room = used = 0;
}

const struct recording_python *python_store_at(uint32_t python) {
    return python && python <= used ? by_id[python] : NULL;
}

static uint64_t hash_bytes(const struct python_frames *frames) {
    uint64_t hash = ((uint64_t)frames->size << 1 | frames->cut) * 0x9e3779b97f4a7c15u;
    for (uint32_t i = 0; i < frames->size; i++)
        hash = (hash ^ frames->bytes[i]) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

static struct entry *place_of(struct entry *table, uint32_t size, uint64_t hash) {
    uint32_t i = (uint32_t)hash;
    while (table[i & (size - 1)].record && table[i & (size - 1)].hash != hash)
        i++;
    return &table[i & (size - 1)];
}

static size_t bytes_for(uint32_t size) {
    return (size * (sizeof *entries + sizeof *by_id) + 4095) & ~(size_t)4095;
}

/* One block of memory: the entries, and behind them the ids. */
static bool grow(void) {
    uint32_t wider_room = room ? room * 2 : FIRST_ROOM;
    struct entry *wider = raw_pages(bytes_for(wider_room));
    if (!wider)
        return false;
    const struct recording_python **wider_ids = (const struct recording_python **)(wider + wider_room);
    for (uint32_t i = 0; i < room; i++)
        if (entries[i].record)
            *place_of(wider, wider_room, entries[i].hash) = entries[i];
    if (entries) {
        memcpy(wider_ids, by_id, (used + 1) * sizeof *by_id);
        raw_munmap(entries, bytes_for(room));
    }
    entries = wider;
    by_id = wider_ids;
    room = wider_room;
    return true;
}

uint32_t python_store_intern(const struct python_frames *frames) {
    if (!frames->count || (used * 2 + 2 > room && !grow()))
        return 0;
    uint64_t hash = hash_bytes(frames);
    struct entry *entry;
    /* Another stack with the same 64 bits: take the place after it. */
    for (; (entry = place_of(entries, room, hash))->record; hash++)
        if (entry->record->bytes == frames->size && entry->record->cut == frames->cut &&
            memcmp(entry->record->frames, frames->bytes, frames->size) == 0)
            return entry->record->python;
    struct recording_python *record =
        recorder_append(session_recorder(), RECORDING_PYTHON, sizeof *record + frames->size);
    if (!record)
        return 0;
    record->python = ++used;
    record->count = frames->count;
    record->bytes = frames->size;
    record->cut = frames->cut;
    memcpy(record->frames, frames->bytes, frames->size);
    recorder_commit(record);
    *entry = (struct entry){hash, record};
    by_id[used] = record;
    return record->python;
}
