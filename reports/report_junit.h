/* The report as JUnit XML, as Jenkins, GitLab and GitHub's reporters read it.
 *
 * One suite, the program. Each finding that counts for the exit status is a failed test case with the text
 * report of it; one that is suppressed is a skipped one, since somebody has chosen to leave it out. Notes are
 * neither: nothing failed and nothing was left out, so they are the suite's output. A run without findings is
 * one test case that passes; one that says nothing (no lock event, gordian off) is one with an error.
 */
#ifndef GORDIAN_REPORTS_REPORT_JUNIT_H
#define GORDIAN_REPORTS_REPORT_JUNIT_H

#include <stdio.h>

#include "reports/report.h"

/* Write the report, with files relative to the root as seen from `directory` (sources.h; NULL: the working
 * directory). Returns 0, or a negative errno of the stream. */
int report_junit_write(const struct report *report, const char *directory, FILE *out);

#endif
