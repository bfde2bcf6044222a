/* The names that the program has given to its locks (include/gordian.h), by address.
 *
 * For the holder of the session's lock. A forked child goes on with its copy, also when another thread was in
 * the middle of a change: each change counts with its last store. Memory grows with the addresses that have a
 * name at once, and with the names that differ; a text is kept once, and stays.
 */
#ifndef GORDIAN_INTERPOSE_LOCK_NAMES_H
#define GORDIAN_INTERPOSE_LOCK_NAMES_H

#include <stdint.h>

#define LOCK_NAMES_LONGEST 255 /* bytes of a name; what is longer ends in "..." */

/* What lies at `address` has this name from here on, or none (NULL). Returns 0 or -ENOMEM. Amortised O(1). */
int lock_names_set(uint64_t address, const char *name);

/* Return its name, which stays valid; NULL when it has none. O(1). */
const char *lock_names_find(uint64_t address);

#endif
