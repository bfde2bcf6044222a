/* What a thread does with a lock, in words that suit its kind: a rwlock is read-locked, a semaphore is taken,
 * a barrier is waited at. Each is followed by the lock's name. All functions are pure. */
#ifndef GORDIAN_REPORTS_VERBS_H
#define GORDIAN_REPORTS_VERBS_H

#include <stdbool.h>
#include <stdint.h>

/* "locks", "read-locks", "takes", "joins"; of a thread that is `blocked` in it "waits for", "waits to
 * read-lock", "waits for the end of". `kind`: enum recording_lock_kind; `mode`: enum lock_mode. */
const char *verbs_wants(uint32_t kind, uint32_t mode, bool blocked);

/* "holds", "holds the read lock of", "has taken", "runs the init routine of". */
const char *verbs_holds(uint32_t kind, uint32_t mode);

/* "holding", "holding the read lock of", "having taken", "running the init routine of". */
const char *verbs_holding(uint32_t kind, uint32_t mode);

/* How it came to be held, for a place to follow: "locked", "taken", "called". */
const char *verbs_taken(uint32_t kind);

#endif
