/* All locks that a thread held at one moment, with modes and stacks: immutable, counted by reference, sorted
 * by lock for the two questions that cycles ask. Memory: the arena's. Not thread-safe.
 */
#ifndef GORDIAN_DETECTOR_LOCKSET_H
#define GORDIAN_DETECTOR_LOCKSET_H

#include <stdbool.h>
#include <stdint.h>

#include "detector/arena.h"
#include "detector/finding.h"

struct lockset_item {
    uint32_t lock;
    uint32_t mode : 1;   /* enum lock_mode */
    uint32_t place : 31; /* in the order of acquisition */
    uint32_t stack;
};

struct lockset {
    uint64_t mask; /* one bit for each lock, by a hash: disjoint masks mean disjoint sets */
    uint32_t references;
    uint32_t count;
    uint32_t wanted_stack; /* stack of the lock wanted at that moment */
    struct lockset_item items[];
};

/* Return the set of these distinct locks (in order of acquisition) with one reference, or NULL when memory
 * ran out. O(count log count). */
struct lockset *lockset_create(struct arena *arena, const struct lock_hold *holds, uint32_t count,
                               uint32_t wanted_stack);

/* Give up one reference; the last one frees the set. */
void lockset_release(struct arena *arena, struct lockset *set);

/* Return whether the sets have a lock in common in modes that exclude each other: then two threads cannot be
 * at these two moments at once. */
bool lockset_excludes(const struct lockset *a, const struct lockset *b);

/* Return whether whatever excludes `a` excludes `b` too: each lock of `a` is in `b`, in the same mode or a
 * more exclusive one. */
bool lockset_within(const struct lockset *a, const struct lockset *b);

/* Return the item of that lock, NULL when it is not in the set. O(log count). */
const struct lockset_item *lockset_find(const struct lockset *set, uint32_t lock);

/* Write the locks to `holds` (count entries) in order of acquisition. */
void lockset_list(const struct lockset *set, struct lock_hold *holds);

#endif
