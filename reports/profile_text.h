/* The table of the locks that were waited for. */
#ifndef GORDIAN_REPORTS_PROFILE_TEXT_H
#define GORDIAN_REPORTS_PROFILE_TEXT_H

#include <stdio.h>

#include "reports/report_text.h"

/* Write a line for each lock that some thread had to wait for, the ones that cost the most time first: how
 * often it was taken and waited for, how long it was waited for and held, and where it was waited for
 * longest. Ten lines unless the style is full, and the number of the others. Nothing when no lock was waited
 * for. */
void profile_text_write(const struct report *report, const struct report_style *style, FILE *out);

#endif
