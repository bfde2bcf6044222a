/* The findings as workflow commands of GitHub Actions: printed in a step, they become annotations of the
 * lines.
 *
 * One line for each finding that is not suppressed, the gravest first: GitHub shows ten errors, ten warnings
 * and ten notices of a step.
 */
#ifndef GORDIAN_REPORTS_REPORT_GITHUB_H
#define GORDIAN_REPORTS_REPORT_GITHUB_H

#include <stdio.h>

#include "reports/report.h"

/* Write the commands, with files relative to the root as seen from `directory` (sources.h; NULL: the working
 * directory). Returns 0, or a negative errno of the stream. */
int report_github_write(const struct report *report, const char *directory, FILE *out);

#endif
