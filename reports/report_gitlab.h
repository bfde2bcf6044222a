/* The findings as GitLab's code quality report, which it shows in a merge request's diff.
 *
 * A JSON array with an entry for each finding that is not suppressed and has a place in the sources: GitLab
 * takes none without.
 */
#ifndef GORDIAN_REPORTS_REPORT_GITLAB_H
#define GORDIAN_REPORTS_REPORT_GITLAB_H

#include <stdio.h>

#include "reports/report.h"

/* Write the array, with files relative to the root as seen from `directory` (sources.h; NULL: the working
 * directory). Returns 0, or a negative errno of the stream. */
int report_gitlab_write(const struct report *report, const char *directory, FILE *out);

#endif
