/* A random program: what a seed stands for.
 *
 * It is a list of items in one order. Each is done by one or two threads, and every thread does its own in
 * the order of the list. Nothing waits but for what stands earlier in the list or in the same item, and
 * nobody waits with a lock held. So the first item that is not done can always go on: the program ends,
 * whatever the schedule, and its result is the same. Any items may be left out without changing that.
 *
 * A buggy program has one more item, the knot, whose finding is known.
 */
#ifndef GORDIAN_TESTS_TORTURE_PROGRAM_H
#define GORDIAN_TESTS_TORTURE_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define PROGRAM_THREADS 6
#define PROGRAM_ITEMS 160
#define PROGRAM_LOCKS 20

struct item {
    const struct act *act; /* NULL: left out */
    uint32_t thread;
    uint32_t other; /* the second thread, if it has one; not the same */
    uint64_t seed;  /* of what the item decides by itself */
};

struct program {
    uint64_t seed;
    uint32_t threads; /* 0 is the first thread of the process */
    uint32_t locks;
    uint32_t count;
    uint32_t planted; /* index of the knot; count: there is none */
    struct item items[PROGRAM_ITEMS];
};

/* The program of this seed. An odd seed is a buggy one. */
void program_make(struct program *program, uint64_t seed);

/* Leave out all items but these numbers ("3,4,17") and the knot. Returns false when the text is something
 * else. */
bool program_keep(struct program *program, const char *numbers);

/* Print it, an item a line, to stdout. */
void program_print(const struct program *program);

#endif
