/* Who waits for a condition or at a barrier, in one word that needs no lock.
 *
 * Condition: how many wait, and how many of these were woken and have not come back yet. A signal wakes one
 * of the waiters, nobody can say which; so while there are woken ones, each of the waiters may be one of
 * them.
 * Barrier: how many have arrived in this round, and the number of the round. A waiter of an earlier round was
 * released.
 */
#ifndef GORDIAN_INTERPOSE_PARTIES_H
#define GORDIAN_INTERPOSE_PARTIES_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t parties_low(uint64_t word) {
    return (uint32_t)word;
}

static inline uint32_t parties_high(uint64_t word) {
    return (uint32_t)(word >> 32);
}

static inline uint64_t parties_word(uint32_t low, uint32_t high) {
    return (uint64_t)high << 32 | low;
}

/* ---- conditions: low is waiters, high is woken ---- */

static inline void parties_wait(uint64_t *word) {
    __atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);
}

/* One waiter has come back. However it did, one of those that were woken may be it. */
static inline void parties_back(uint64_t *word) {
    uint64_t now = __atomic_load_n(word, __ATOMIC_RELAXED), next;
    do {
        if (!parties_low(now))
            return;
        next = parties_word(parties_low(now) - 1, parties_high(now) ? parties_high(now) - 1 : 0);
    } while (!__atomic_compare_exchange_n(word, &now, next, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
}

/* One of the waiters, or all, were woken. Returns how many that can have been. */
static inline uint32_t parties_wake(uint64_t *word, bool all) {
    uint64_t now = __atomic_load_n(word, __ATOMIC_SEQ_CST), next;
    uint32_t woken;
    do {
        uint32_t waiters = parties_low(now), before = parties_high(now);
        if (before >= waiters)
            return 0;
        woken = all ? waiters - before : 1;
        next = parties_word(waiters, before + woken);
    } while (!__atomic_compare_exchange_n(word, &now, next, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    return woken;
}

/* ---- barriers: low is arrived, high is the round ---- */

/* The thread arrives at a barrier for `count`. Returns the round that it waits in; when it is the last one
 * the next round has begun. */
static inline uint32_t parties_arrive(uint64_t *word, uint32_t count) {
    uint64_t now = __atomic_load_n(word, __ATOMIC_RELAXED), next;
    do {
        next = parties_low(now) + 1 >= count ? parties_word(0, parties_high(now) + 1) : now + 1;
    } while (!__atomic_compare_exchange_n(word, &now, next, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    return parties_high(now);
}

#endif
