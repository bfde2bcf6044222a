#include "detector/lockset.h"

#include <stddef.h>

static size_t size_of(uint32_t count) {
    return offsetof(struct lockset, items) + count * sizeof(struct lockset_item);
}

static uint64_t mask_of(uint32_t lock) {
    return (uint64_t)1 << (lock * 0x9e3779b1u >> 26);
}

static bool exclude(uint32_t mode, uint32_t other) {
    return mode == LOCK_EXCLUSIVE || other == LOCK_EXCLUSIVE;
}

/* Let the item at `top` sink in the heap of `count` items with the largest lock on top. */
static void sink(struct lockset_item *items, uint32_t top, uint32_t count) {
    struct lockset_item item = items[top];
    for (uint32_t child; (child = 2 * top + 1) < count; top = child) {
        if (child + 1 < count && items[child + 1].lock > items[child].lock)
            child++;
        if (items[child].lock <= item.lock)
            break;
        items[top] = items[child];
    }
    items[top] = item;
}

static void sort_by_lock(struct lockset_item *items, uint32_t count) {
    for (uint32_t i = count / 2; i-- > 0;)
        sink(items, i, count);
    for (uint32_t last = count; last-- > 1;) {
        struct lockset_item largest = items[0];
        items[0] = items[last];
        items[last] = largest;
        sink(items, 0, last);
    }
}

struct lockset *lockset_create(struct arena *arena, const struct lock_hold *holds, uint32_t count,
                               uint32_t wanted_stack) {
    struct lockset *set = arena_alloc(arena, size_of(count));
    if (!set)
        return NULL;
    set->references = 1;
    set->count = count;
    set->wanted_stack = wanted_stack;
    for (uint32_t i = 0; i < count; i++) {
        set->mask |= mask_of(holds[i].lock);
        set->items[i] = (struct lockset_item){.lock = holds[i].lock,
                                              .mode = holds[i].mode != LOCK_EXCLUSIVE,
                                              .place = i & 0x7fffffff,
                                              .stack = holds[i].stack};
    }
    sort_by_lock(set->items, count);
    return set;
}

void lockset_release(struct arena *arena, struct lockset *set) {
    if (--set->references == 0)
        arena_free(arena, set, size_of(set->count));
}

bool lockset_excludes(const struct lockset *a, const struct lockset *b) {
    if (!(a->mask & b->mask))
        return false;
    for (uint32_t i = 0, j = 0; i < a->count && j < b->count;) {
        if (a->items[i].lock < b->items[j].lock)
            i++;
        else if (a->items[i].lock > b->items[j].lock)
            j++;
        else if (exclude(a->items[i++].mode, b->items[j++].mode))
            return true;
    }
    return false;
}

bool lockset_within(const struct lockset *a, const struct lockset *b) {
    if (a->count > b->count || (a->mask & ~b->mask))
        return false;
    uint32_t j = 0;
    for (uint32_t i = 0; i < a->count; i++, j++) {
        while (j < b->count && b->items[j].lock < a->items[i].lock)
            j++;
        if (j == b->count || b->items[j].lock != a->items[i].lock ||
            (a->items[i].mode == LOCK_EXCLUSIVE && b->items[j].mode != LOCK_EXCLUSIVE))
            return false;
    }
    return true;
}

const struct lockset_item *lockset_find(const struct lockset *set, uint32_t lock) {
    uint32_t low = 0, high = set->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (set->items[middle].lock == lock)
            return &set->items[middle];
        if (set->items[middle].lock < lock)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void lockset_list(const struct lockset *set, struct lock_hold *holds) {
    for (uint32_t i = 0; i < set->count; i++) {
        const struct lockset_item *item = &set->items[i];
        holds[item->place] = (struct lock_hold){item->lock, item->mode, item->stack};
    }
}
