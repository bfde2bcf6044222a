/* The words of the lines of a finding: what a step does with the lock that it wants, and what it had to do
 * with one that it holds. The formats for people share them. Strings come from the pool that is passed; pure
 * otherwise. */
#ifndef GORDIAN_REPORTS_STEP_WORDS_H
#define GORDIAN_REPORTS_STEP_WORDS_H

#include <stdbool.h>

#include "reports/memory.h"
#include "reports/report.h"

/* What a step does with the lock that it wants: "waits for", "unlocks", "in its handler of SIGUSR1 (signal
 * 10) locks". */
const char *step_words_wish(struct memory_pool *pool, const struct report_finding *finding,
                            const struct report_hold *wants);

/* What leads to the stack behind a lock: " at", but not after a verb that ends with it. */
const char *step_words_leading(const char *verb);

/* What stands before and behind the lock in the line of a lock held, or of the earlier event of a misuse. */
struct step_words {
    const char *verb, *then;
};
struct step_words step_words_of_hold(struct memory_pool *pool, const struct report_finding *finding,
                                     size_t step, const struct report_hold *hold);

/* Whether the words tell the mode: those for reading and writing do, and an exclusive one needs none. */
bool step_words_tell_mode(const struct report_hold *hold);

/* What the lock was made for: " between processes", " for 3 threads"; "" when there is nothing to tell. */
const char *step_words_purpose(struct memory_pool *pool, const struct report_lock *lock);

#endif
