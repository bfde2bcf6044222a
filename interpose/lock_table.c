#include "interpose/lock_table.h"

#include <errno.h>

#include "interpose/raw.h"

#define FIRST_BITS 10

/* What hooks find that run before our constructor, or when gordian is off: nothing. */
static struct lock_table no_locks = {.shift = 63, .entries = {{0, 0}}};

struct lock_table *lock_table_now = &no_locks;

static size_t table_bytes(uint32_t bits) {
    size_t bytes = sizeof(struct lock_table) + (sizeof(struct lock_table_entry) << bits);
    return (bytes + 4095) & ~(size_t)4095;
}

static struct lock_table *new_table(uint32_t bits) {
    struct lock_table *table = raw_pages(table_bytes(bits));
    if (table) {
        table->shift = 64 - bits;
        table->mask = (1u << bits) - 1;
    }
    return table;
}

int lock_table_start(void) {
    struct lock_table *table = new_table(FIRST_BITS);
    if (!table)
        return -ENOMEM;
    __atomic_store_n(&lock_table_now, table, __ATOMIC_RELEASE);
    return 0;
}

static void set_in(struct lock_table *table, uint64_t key, uint64_t lock) {
    for (uint32_t i = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> table->shift);; i++) {
        struct lock_table_entry *entry = &table->entries[i & table->mask];
        if (entry->address == key) {
            __atomic_store_n(&entry->lock, lock, __ATOMIC_RELAXED);
            return;
        }
        if (!entry->address) {
            entry->lock = lock;
            __atomic_store_n(&entry->address, key, __ATOMIC_RELEASE);
            table->used++;
            return;
        }
    }
}

/* Addresses without a lock are left behind, so a table of short-lived locks keeps its size. The old table
 * becomes zeros: its late readers miss and come here, and its memory is given back. */
static int rebuild(struct lock_table *old) {
    uint32_t live = 0, bits = FIRST_BITS;
    for (uint32_t i = 0; i <= old->mask; i++)
        live += old->entries[i].address && old->entries[i].lock;
    while ((1u << bits) < live * 3u)
        bits++;
    struct lock_table *table = new_table(bits);
    if (!table)
        return -ENOMEM;
    for (uint32_t i = 0; i <= old->mask; i++)
        if (old->entries[i].address && old->entries[i].lock)
            set_in(table, old->entries[i].address, old->entries[i].lock);
    __atomic_store_n(&lock_table_now, table, __ATOMIC_RELEASE);
    /* The first page stays: it holds shift and mask, without which a late reader would leave the table. */
    size_t bytes = table_bytes(64 - old->shift);
    for (size_t i = 0; i <= old->mask && (const char *)&old->entries[i] < (const char *)old + 4096; i++)
        __atomic_store_n(&old->entries[i].lock, 0, __ATOMIC_RELAXED);
    if (bytes > 4096)
        raw_madvise((char *)old + 4096, bytes - 4096, MADV_DONTNEED);
    return 0;
}

int lock_table_set(const void *address, uint64_t lock) {
    struct lock_table *table = lock_table_now;
    if (!lock && !lock_table_find(address))
        return 0;
    if (table->used * 3u > table->mask * 2u) {
        if (rebuild(table) < 0 && table->used >= table->mask)
            return -ENOMEM;
        table = lock_table_now;
    }
    set_in(table, (uint64_t)(uintptr_t)address, lock);
    return 0;
}
