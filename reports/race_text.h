/* Writes what a thread does in a race as lines of text, below the line of the thread. */
#ifndef GORDIAN_REPORTS_RACE_TEXT_H
#define GORDIAN_REPORTS_RACE_TEXT_H

#include <stdio.h>

#include "reports/memory.h"
#include "reports/report.h"
#include "reports/report_text.h"

/* "    writes balance (8 bytes), holding nothing, at" and the stack. */
void race_text_step(const struct report_finding *finding, const struct report_step *step,
                    const struct report_style *style, struct memory_pool *pool, FILE *out);

/* "  balance: 8 bytes of memory at 0x5635bd06d7d8", and where it was allocated. */
void race_text_place(const struct report_finding *finding, const struct report_lock *lock,
                     const struct report_style *style, FILE *out);

#endif
