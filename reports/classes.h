/* Deadlocks between classes of locks, as the Linux kernel's lockdep finds them: one thread took a lock of
 * class A and then one of class B, another thread one of B and then one of A. If these were never the same
 * locks, nothing proves that they ever can be; so all of this are notes.
 *
 * A class is what one place initialises. A place that initialises variables of different names is a wrapper:
 * then the call of it is the place. A lock of which no initialisation was seen is a class of its own if it is
 * a variable; else the class is what the same calls locked first. A semaphore that has not proved to be a
 * lock is in none.
 *
 * Threads, modes, creation and joining count as they do between locks. A class that both hold counts as a
 * gate. Within one class nothing is said as long as its locks are taken in the order of their addresses, or
 * against it; when two threads that can meet do the one and the other, that is one note for the class.
 *
 * Not thread-safe. Memory: O(dependencies), freed on return.
 */
#ifndef GORDIAN_REPORTS_CLASSES_H
#define GORDIAN_REPORTS_CLASSES_H

#include "reports/memory.h"
#include "reports/merge.h"
#include "reports/report.h"

/* Pass every ring of classes of the recording to `visit`, as a finding without its names gathered, with a
 * message that is whole, and the number of its holds. What it points to lives in the pool. Returns as
 * merge_look does. */
int classes_look(const struct merge_source *source, struct memory_pool *pool,
                 void (*visit)(void *context, const struct report_finding *finding, size_t holds),
                 void *context, struct merge_bounds *bounds, char *error, size_t error_size);

#endif
