/* The guard against a recording that is truncated underneath: its pages are then gone, and the next store
 * into one would be a SIGBUS in the program.
 *
 * A handler of ours stands before the program's. A fault within a mapping of the recording puts anonymous
 * memory in its place and lets the store be done again; every other SIGBUS is the program's, and reaches its
 * handler, or its default, as if we were not there: hooks of sigaction and signal show the program its own. A
 * program that ignores SIGBUS, or has its handler reset when it is called, or sets one by a system call of
 * its own, has no guard; nor has a thread that blocks SIGBUS, outside the library's own critical sections:
 * the kernel ends those at once.
 */
#ifndef GORDIAN_INTERPOSE_BUS_GUARD_H
#define GORDIAN_INTERPOSE_BUS_GUARD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* Set the handler, and guard nothing yet. */
void bus_guard_start(void);

/* Guard this mapping from now on. Returns false when there is no room for it: it has no guard. */
bool bus_guard_add(const void *start, size_t bytes);

/* The process was forked, and this is the child. What was guarded still is. */
void bus_guard_forked(void);

/* Whether a guarded page was lost in this process: the recording is not to be relied on. */
bool bus_guard_hit(void);

/* The program's own calls. Each returns what libc's would. `set` may be NULL. */
int bus_guard_sigaction(const struct sigaction *set, struct sigaction *old);

#endif
