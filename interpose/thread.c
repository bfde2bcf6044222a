#include "interpose/thread.h"

#include <string.h>

#include "interpose/raw.h"
#include "interpose/session.h"

__thread struct thread *thread_now __attribute__((tls_model("initial-exec")));

static char *at_least(char **memory, size_t *have, size_t bytes) {
    bytes = (bytes + 4095) & ~(size_t)4095;
    if (bytes > *have) {
        char *wider = raw_pages(bytes);
        if (!wider)
            return NULL;
        if (*memory)
            raw_munmap(*memory, *have);
        *memory = wider;
        *have = bytes;
    }
    return *memory;
}

char *thread_scratch(struct thread *t, size_t bytes) {
    return at_least(&t->scratch, &t->scratch_bytes, bytes);
}

uint64_t *thread_joined(struct thread *t, size_t bytes) {
    return (uint64_t *)at_least(&t->joined_scratch, &t->joined_bytes, bytes);
}

/* Readers from outside follow held_offset and held_capacity: the new array is complete before they see it.
 * Where it has no place in the file (the disk is full), the slot keeps its own array and the entries beyond
 * are not seen from outside. */
bool thread_grow_held(struct thread *t) {
    uint32_t wider = t->held_capacity * 4;
    uint64_t offset = 0;
    session_enter(t);
    struct recording_held *held = recorder_held(session_recorder(), wider, &offset);
    session_leave(t);
    if (!held)
        return false;
    memcpy(held, t->held, t->held_capacity * sizeof *held);
    __atomic_store_n(&t->held, held, __ATOMIC_RELAXED);
    __atomic_store_n(&t->held_capacity, wider, __ATOMIC_RELEASE);
    if (offset) {
        __atomic_store_n(&t->slot->held_offset, offset, __ATOMIC_RELEASE);
        __atomic_store_n(&t->slot->held_capacity, wider, __ATOMIC_RELEASE);
    }
    return true;
}

void thread_remove(struct thread *t, struct recording_held *held) {
    uint32_t count = t->slot->held_count;
    for (struct recording_held *last = t->held + count - 1; held < last; held++) {
        *held = held[1];
        held->private[1] = 0;
    }
    thread_pop(t, held, count);
}

uint64_t thread_held_sum_slow(struct recording_held *held, uint32_t count) {
    uint32_t first = count;
    while (first && !held[first - 1].private[1])
        first--;
    uint64_t sum = first ? held[first - 1].private[1] : 0;
    for (; first < count; first++) {
        sum += thread_hash(held[first].lock, held[first].mode);
        held[first].private[1] = sum;
    }
    return sum;
}

bool thread_grow_seen(struct thread *t) {
    uint32_t bits = t->seen ? 64 - t->seen_shift + 1 : THREAD_SEEN_FIRST_BITS;
    if (bits > THREAD_SEEN_LAST_BITS)
        return false;
    uint64_t *old = t->seen, *wider = raw_pages(sizeof *wider << bits);
    if (!wider)
        return false;
    t->seen = wider;
    t->seen_shift = 64 - bits;
    for (size_t i = 0; old && i < (size_t)1 << (bits - 1); i++)
        if (old[i])
            thread_mark_seen(t, old[i]);
    if (old)
        raw_munmap(old, sizeof *old << (bits - 1));
    t->seen_misses = 0;
    return true;
}
