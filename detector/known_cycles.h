/* The cycles that have been reported: each cycle of locks once, and not endlessly many that look the same.
 *
 * A cycle of locks is known by its locks in order, wherever it starts. Its signature is the set of pairs of
 * stacks (where the held lock was taken, where the next one was wanted) on it: cycles of different locks with
 * the same signature come from the same lines of code. Memory: the arena's. Not thread-safe.
 */
#ifndef GORDIAN_DETECTOR_KNOWN_CYCLES_H
#define GORDIAN_DETECTOR_KNOWN_CYCLES_H

#include <stdbool.h>
#include <stdint.h>

#include "detector/arena.h"
#include "detector/table.h"

struct known_cycle {
    UT_hash_handle hh;
    uint32_t number; /* the owner's */
    uint32_t search; /* the last search that closed it, so that each counts once */
    uint32_t locks_count;
    uint32_t locks[]; /* the smallest first */
};

struct known_signature {
    UT_hash_handle hh;
    uint32_t number;   /* of its first cycle */
    uint32_t search;   /* as above, for the cycles beyond the bound */
    uint32_t reported; /* cycles */
    uint32_t pairs_count;
    uint64_t pairs[]; /* held stack << 32 | wanted stack, ascending, each once */
};

struct known_cycles {
    struct arena *arena;
    struct known_cycle *cycles;
    struct known_signature *signatures;
};

/* Make it empty. */
void known_cycles_init(struct known_cycles *known, struct arena *arena);

/* Return the cycle of these locks, which begins with its smallest one; NULL when it is not known. */
struct known_cycle *known_cycles_find(const struct known_cycles *known, const uint32_t *locks,
                                      uint32_t count);

/* Make such a cycle known; it was not. Returns it, or NULL when memory ran out. */
struct known_cycle *known_cycles_add(struct known_cycles *known, const uint32_t *locks, uint32_t count);

/* Take back one that was just added. */
void known_cycles_take_back(struct known_cycles *known, struct known_cycle *cycle);

/* Sort the pairs and drop what is there twice: now they are a signature's. Returns how many are left. */
uint32_t known_cycles_unite_pairs(uint64_t *pairs, uint32_t count);

/* Return the signature with these pairs, NULL when it is not known. */
struct known_signature *known_cycles_find_signature(const struct known_cycles *known, const uint64_t *pairs,
                                                    uint32_t count);

/* Make such a signature known, with nothing reported; it was not. Returns it, or NULL when memory ran out. */
struct known_signature *known_cycles_add_signature(struct known_cycles *known, const uint64_t *pairs,
                                                   uint32_t count);

#endif
