#include "interpose/stack_store.h"

#include <string.h>

#include "interpose/modules.h"
#include "interpose/raw.h"
#include "interpose/session.h"

#define FIRST_BITS 8

/* Open addressing over the hash. The addresses themselves stay where they were recorded. */
struct entry {
    uint64_t hash;
    const struct recording_stack *record;
};

static struct entry *entries;
static uint32_t bits, used;
static uint64_t epoch;
static const struct recording_stack **by_id; /* index: id */
static uint32_t by_id_room;

void stack_store_start(void) {
    entries = NULL;
    by_id = NULL;
    bits = used = by_id_room = 0;
    epoch = 1;
}

void stack_store_next_epoch(void) {
    epoch++;
}

const struct recording_stack *stack_store_at(uint32_t stack) {
    return stack && stack <= used ? by_id[stack] : NULL;
}

static uint64_t hash_addresses(const uint64_t *addresses, uint32_t count, uint32_t python) {
    uint64_t hash = epoch * 0x9e3779b97f4a7c15u + ((uint64_t)python << 32 | count);
    for (uint32_t i = 0; i < count; i++) {
        hash = (hash ^ addresses[i]) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    return hash;
}

static bool grow(void) {
    uint32_t new_bits = bits ? bits + 1 : FIRST_BITS;
    struct entry *wider = raw_pages(((sizeof *wider << new_bits) + 4095) & ~(size_t)4095);
    if (!wider)
        return false;
    for (uint32_t i = 0; bits && i < 1u << bits; i++)
        if (entries[i].record)
            for (uint32_t k = (uint32_t)(entries[i].hash >> (64 - new_bits));; k++) {
                struct entry *to = &wider[k & ((1u << new_bits) - 1)];
                if (!to->record) {
                    *to = entries[i];
                    break;
                }
            }
    if (bits)
        raw_munmap(entries, ((sizeof *wider << bits) + 4095) & ~(size_t)4095);
    entries = wider;
    bits = new_bits;
    return true;
}

static bool grow_ids(void) {
    uint32_t room = by_id_room ? by_id_room * 2 : 512;
    const struct recording_stack **wider = raw_pages(room * sizeof *wider);
    if (!wider)
        return false;
    if (by_id) {
        memcpy(wider, by_id, by_id_room * sizeof *wider);
        raw_munmap(by_id, by_id_room * sizeof *wider);
    }
    by_id = wider;
    by_id_room = room;
    return true;
}

uint32_t stack_store_intern(const uint64_t *addresses, uint32_t count, bool cut) {
    return stack_store_intern_python(addresses, count, cut, 0);
}

uint32_t stack_store_intern_python(const uint64_t *addresses, uint32_t count, bool cut, uint32_t python) {
    if (!count || (used * 2u >= (bits ? 1u << bits : 0) && !grow()) ||
        (used + 1 >= by_id_room && !grow_ids()))
        return 0;
    uint64_t hash = hash_addresses(addresses, count, python);
    uint32_t i = (uint32_t)(hash >> (64 - bits));
    for (; entries[i & ((1u << bits) - 1)].record; i++) {
        const struct entry *entry = &entries[i & ((1u << bits) - 1)];
        if (entry->hash == hash && entry->record->count == count && entry->record->python == python &&
            memcmp(entry->record->addresses, addresses, count * sizeof *addresses) == 0)
            return entry->record->stack;
    }
    for (uint32_t k = 0; k < count; k++)
        modules_note(addresses[k]);
    struct recording_stack *record =
        recorder_append(session_recorder(), RECORDING_STACK, sizeof *record + count * sizeof *addresses);
    if (!record)
        return 0;
    record->stack = ++used;
    record->count = count;
    record->cut = cut;
    record->python = python;
    memcpy(record->addresses, addresses, count * sizeof *addresses);
    recorder_commit(record);
    if (cut && count == session_stack_depth())
        session_lost(RECORDING_LOST_STACK);
    entries[i & ((1u << bits) - 1)] = (struct entry){hash, record};
    by_id[used] = record;
    return record->stack;
}
