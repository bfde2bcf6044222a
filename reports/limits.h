/* What a process's recording does not have: bounds that were reached, and what was lost. */
#ifndef GORDIAN_REPORTS_LIMITS_H
#define GORDIAN_REPORTS_LIMITS_H

#include <stddef.h>

#include "reports/memory.h"
#include "reports/report.h"

#define LIMITS_MAX 10

/* Put a sentence for each of them into `texts`, from the pool. Returns how many there are. */
size_t limits_of(struct memory_pool *pool, const struct report_process *process,
                 const char *texts[LIMITS_MAX]);

#endif
