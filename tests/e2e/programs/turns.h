/* Turns: order in time, and in time alone.
 *
 * The threads of a test program act one after the other, so that every run is the same, yet nothing that a
 * detector may take for synchronisation orders them: a turn is a relaxed atomic number that a thread polls.
 *
 * Thread-safe. For C and C++; included by one source file per program.
 */
#ifndef GORDIAN_TESTS_E2E_TURNS_H
#define GORDIAN_TESTS_E2E_TURNS_H

#include <sched.h>

static long turns_now = -1;

/* Wait until it is `turn`. */
static inline void turns_wait(long turn) {
    while (__atomic_load_n(&turns_now, __ATOMIC_RELAXED) != turn)
        sched_yield();
}

/* The next turn begins; the first call begins turn 0. */
static inline void turns_pass(void) {
    __atomic_fetch_add(&turns_now, 1, __ATOMIC_RELAXED);
}

#endif
