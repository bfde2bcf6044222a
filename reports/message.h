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

/* The same for a thread. */
const char *message_thread(struct memory_pool *pool, const struct report_finding *finding,
                           const struct report_thread *thread);

/* The hold of a step by which it blocks the step before it; NULL when it holds nothing of that kind. */
const struct report_hold *message_knot_hold(const struct report_finding *finding, size_t step);

/* What a severity and kind mean in a few words: "deadlock", "possible deadlock", "unlock of a mutex that
 * another thread holds". */
const char *message_title(uint32_t kind);

#endif
