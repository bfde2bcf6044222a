/* The one line that states a race. */
#ifndef GORDIAN_REPORTS_MESSAGE_RACE_H
#define GORDIAN_REPORTS_MESSAGE_RACE_H

#include "reports/memory.h"
#include "reports/report.h"

/* "data race: teller writes balance (8 bytes) at bank.c:31 in withdraw, holding nothing; main reads it at
 * bank.c:29 in audit, holding audit_lock". `title` takes the place of "data race" unless it is NULL. */
const char *message_race(struct memory_pool *pool, const struct report_finding *finding, const char *title);

/* What an access does: "reads", "atomically writes". */
const char *message_access(const struct report_step *step);

/* "holding alice and the read lock of table", "holding nothing"; NULL when it is not known. */
const char *message_held(struct memory_pool *pool, const struct report_finding *finding,
                         const struct report_step *step);

#endif
