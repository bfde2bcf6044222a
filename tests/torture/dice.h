/* Random numbers that a seed decides: splitmix64 (Steele, Lea, Flood 2014). */
#ifndef GORDIAN_TESTS_TORTURE_DICE_H
#define GORDIAN_TESTS_TORTURE_DICE_H

#include <stdint.h>

struct dice {
    uint64_t state;
};

/* Return a number below `sides`, which is not 0. */
static inline uint32_t dice_throw(struct dice *dice, uint32_t sides) {
    uint64_t z = dice->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) % sides);
}

#endif
