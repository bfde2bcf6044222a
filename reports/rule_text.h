/* The suppression that silences exactly one finding, ready to paste into a file (suppressions.h).
 *
 *   [deadlock.potential: alice, bob]
 *   # deadlock possible: main locks bob while it holds alice; teller locks alice while it holds bob
 *   id: 1e9a1f76e2c05084
 *   # Instead of the id, to silence what is like it, and still after an edit:
 *   # kind: deadlock.potential
 *   # lock: alice
 *   # lock: bob
 *   # frames: transfer; pay_rent
 *   # frames: audit; close_day
 *
 * The id makes it exact. What is commented out is a rule in names, for those who want one that outlives
 * changes of the code; it may silence other findings, too.
 */
#ifndef GORDIAN_REPORTS_RULE_TEXT_H
#define GORDIAN_REPORTS_RULE_TEXT_H

#include "reports/memory.h"
#include "reports/report.h"

/* The rule of a finding that has its id, kind, message and steps. The text comes from the pool and ends with
 * a newline; whatever the program's names hold, it is whole lines of UTF-8 that suppressions.h reads without
 * a mistake. */
const char *rule_text_of(struct memory_pool *pool, const struct report_finding *finding);

#endif
