/* The one line that states a finding, in words. */
#ifndef GORDIAN_REPORTS_MESSAGE_H
#define GORDIAN_REPORTS_MESSAGE_H

#include "reports/memory.h"
#include "reports/report.h"

/* "deadlock possible: main locks bob while it holds alice; teller locks alice while it holds bob". The text
 * comes from the pool. */
const char *message_of(struct memory_pool *pool, const struct report_finding *finding);

/* The name of a lock as this finding must call it: with its id when another lock of the finding has the same
 * name. */
const char *message_lock(struct memory_pool *pool, const struct report_finding *finding,
                         const struct report_lock *lock);

/* The same with the kind before the name of a variable ("semaphore items"), where it is no mutex. */
const char *message_object(struct memory_pool *pool, const struct report_finding *finding,
                           const struct report_lock *lock);

/* The same after a verb of verbs.h, which says the kind of some. */
const char *message_after_verb(struct memory_pool *pool, const struct report_finding *finding,
                               const struct report_lock *lock);

/* The name of a thread as this finding must call it. */
const char *message_thread(struct memory_pool *pool, const struct report_finding *finding,
                           const struct report_thread *thread);

/* The hold of a step by which it blocks the step before it; NULL when it holds nothing of that kind, and
 * where all threads are blocked, which is no ring. */
const struct report_hold *message_knot_hold(const struct report_finding *finding, size_t step);

/* Whether a step of a ring blocks the one before it without holding what that wants: a writer that waits for
 * a rwlock and so holds back new readers. */
bool message_holds_back(const struct report_finding *finding, size_t step);

/* The signal whose handler wants the lock (shape signal), in words: "SIGUSR1 (signal 10)", "signal 77"; "a
 * signal" when it is not known. */
const char *message_signal(struct memory_pool *pool, const struct report_finding *finding);

/* The name of a signal ("SIGUSR1", "SIGRTMIN+3"), NULL when it has none. */
const char *message_signal_name(struct memory_pool *pool, uint64_t number);

/* What the earlier event of a misuse was that its later steps tell of, in the words of the JSON report:
 * "locked", "destroyed", "initialised", "created" or "waits". NULL for other kinds. */
const char *message_event(uint32_t kind);

/* The object of a misuse: what the first step wants, else the first lock that it holds. NULL: not known. */
const struct report_lock *message_misused(const struct report_finding *finding);

/* misuse.fork_held: whether the thread forks with a lock of its own; else it is in the forked process and
 * wants a lock that another thread held at the fork. */
bool message_forks_itself(const struct report_finding *finding);

/* The sentence of a misuse. */
const char *message_misuse(struct memory_pool *pool, const struct report_finding *finding);

/* What a severity and kind mean in a few words: "deadlock", "possible deadlock", "unlock of a mutex that
 * another thread holds". */
const char *message_title(uint32_t kind);

/* What the thread of a misuse.assertion says or does, before the lock or gate: "asserts that it holds",
 * "enters". */
const char *message_asserts(const struct report_finding *finding);

#endif
