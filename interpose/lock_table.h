/* The lock table: from a lock's address to the id of the lock that is there now.
 *
 * Reading takes no lock and writes nothing; setting is for the holder of the session's lock. An address keeps
 * its place while locks come and go there; id 0 says that none is known. When the table grows, readers of the
 * old one may miss a lock: a miss leads them under the session's lock, where lock_table_find sees the newest
 * table.
 */
#ifndef GORDIAN_INTERPOSE_LOCK_TABLE_H
#define GORDIAN_INTERPOSE_LOCK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lock_table_entry {
    uint64_t address; /* 0: free; never changes otherwise */
    uint64_t lock;    /* its id, flags and kind, as lock_table_value puts them together */
};

/* Flags. Each of them keeps a lock off the fast path. */
#define LOCK_TABLE_UNTRIABLE ((uint64_t)1 << 32) /* must not be tried, only locked: see locks.h */
#define LOCK_TABLE_WATCHED ((uint64_t)1 << 33)   /* more is to be looked at than held locks and orders */
#define LOCK_TABLE_SIGNAL ((uint64_t)1 << 34)    /* a semaphore that is no lock: nobody holds it */
#define LOCK_TABLE_FLAGS (LOCK_TABLE_UNTRIABLE | LOCK_TABLE_WATCHED | LOCK_TABLE_SIGNAL)

/* The kind lies above the flags. A mutex has none, so that its value without flags is its id alone. */
#define LOCK_TABLE_KIND_SHIFT 40

static inline uint64_t lock_table_kind(uint32_t kind) {
    return kind == 1 /* LOCK_KIND_MUTEX */ ? 0 : (uint64_t)kind << LOCK_TABLE_KIND_SHIFT;
}

/* Whether it is the value of a lock of this kind. */
static inline bool lock_table_is(uint64_t value, uint32_t kind) {
    return (uint32_t)value && (value & ~(LOCK_TABLE_FLAGS | 0xffffffffu)) == lock_table_kind(kind);
}

struct lock_table {
    uint32_t shift; /* 64 - log2(entries) */
    uint32_t mask;
    uint32_t used; /* entries with an address */
    uint32_t reserved;
    struct lock_table_entry entries[];
};

extern struct lock_table *lock_table_now;

/* Make an empty table. Returns 0 or -ENOMEM. An older table is left to its readers. */
int lock_table_start(void);

/* Return the place of what was set for the lock at `address`, NULL when there is none. It is read with one
 * atomic load and means that lock for ever; it becomes 0 when the table is replaced. O(1). */
static inline const uint64_t *lock_table_place(const void *address) {
    const struct lock_table *table = __atomic_load_n(&lock_table_now, __ATOMIC_ACQUIRE);
    uint64_t key = (uint64_t)(uintptr_t)address;
    for (uint32_t i = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> table->shift);; i++) {
        const struct lock_table_entry *entry = &table->entries[i & table->mask];
        uint64_t found = __atomic_load_n(&entry->address, __ATOMIC_ACQUIRE);
        if (__builtin_expect(found == key, 1))
            return &entry->lock;
        if (!found)
            return NULL;
    }
}

/* Return what was set for the lock at `address`, 0 when none is known. O(1). */
static inline uint64_t lock_table_get(const void *address) {
    const uint64_t *place = lock_table_place(address);
    return place ? __atomic_load_n(place, __ATOMIC_RELAXED) : 0;
}

/* Return its id, 0 when none is known. */
static inline uint32_t lock_table_find(const void *address) {
    return (uint32_t)lock_table_get(address);
}

/* Return its id if it is of that kind, else 0. */
static inline uint32_t lock_table_find_kind(const void *address, uint32_t kind) {
    uint64_t value = lock_table_get(address);
    return lock_table_is(value, kind) ? (uint32_t)value : 0;
}

/* From now on `lock` (an id, flags, kind) is at `address` (0: none). Returns 0 or -ENOMEM. Amortised O(1). */
int lock_table_set(const void *address, uint64_t lock);

#endif
