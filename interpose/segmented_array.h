/* A segmented array: it grows without moving what it holds, so that it may be read without the lock under
 * which it is written. Segment k has room for SEGMENTED_ARRAY_FIRST << k elements.
 *
 * Append, at and shrink are O(1). Memory is mapped, and kept until the process ends. One writer at a time.
 */
#ifndef GORDIAN_INTERPOSE_SEGMENTED_ARRAY_H
#define GORDIAN_INTERPOSE_SEGMENTED_ARRAY_H

#include <stddef.h>
#include <stdint.h>

#include "interpose/raw.h"

#define SEGMENTED_ARRAY_FIRST 256u
#define SEGMENTED_ARRAY_SEGMENTS 24

struct segmented_array {
    char *segments[SEGMENTED_ARRAY_SEGMENTS];
    uint32_t count;
};

/* How many elements there are. What is below this may be read without the lock; an element that is removed
 * meanwhile may be seen twice or not at all. */
static inline uint32_t segmented_array_count(const struct segmented_array *a) {
    return __atomic_load_n(&a->count, __ATOMIC_ACQUIRE);
}

/* The element `i`, of `size` bytes as all of them. */
static inline void *segmented_array_at(const struct segmented_array *a, uint32_t i, size_t size) {
    uint32_t segment = 31 - (uint32_t)__builtin_clz(i / SEGMENTED_ARRAY_FIRST + 1);
    return a->segments[segment] + (i - SEGMENTED_ARRAY_FIRST * ((1u << segment) - 1)) * size;
}

/* Copy `element` to the end. Returns its place, or NULL when there is no memory. */
static inline void *segmented_array_append(struct segmented_array *a, const void *element, size_t size) {
    uint32_t segment = 31 - (uint32_t)__builtin_clz(a->count / SEGMENTED_ARRAY_FIRST + 1);
    if (segment >= SEGMENTED_ARRAY_SEGMENTS)
        return NULL;
    if (!a->segments[segment])
        a->segments[segment] =
            raw_pages((((size_t)SEGMENTED_ARRAY_FIRST << segment) * size + 4095) & ~(size_t)4095);
    if (!a->segments[segment])
        return NULL;
    void *place = segmented_array_at(a, a->count, size);
    __builtin_memcpy(place, element, size);
    __atomic_store_n(&a->count, a->count + 1, __ATOMIC_RELEASE);
    return place;
}

/* Put the last element in the place of element `i`. */
static inline void segmented_array_remove(struct segmented_array *a, uint32_t i, size_t size) {
    void *last = segmented_array_at(a, a->count - 1, size), *place = segmented_array_at(a, i, size);
    if (place != last)
        __builtin_memcpy(place, last, size);
    __atomic_store_n(&a->count, a->count - 1, __ATOMIC_RELEASE);
}

#endif
