/* Random numbers for the model tests: the same ones for the same seed, on every machine (xorshift64*). Each
 * thread has its own. */
#ifndef GORDIAN_TESTS_DETECTOR_RANDOM_H
#define GORDIAN_TESTS_DETECTOR_RANDOM_H

#include <stdint.h>

static _Thread_local uint64_t random_state = 1;

__attribute__((unused)) static void random_seed(uint64_t seed) {
    random_state = (seed + 1) * 0x9e3779b97f4a7c15u;
}

/* Return a number below `bound`, which is not 0. */
__attribute__((unused)) static uint32_t random_below(uint32_t bound) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * 0x2545f4914f6cdd1du >> 32) % bound);
}

#endif
