/* What was seen of the run, what was not, and the run itself, in the HTML report. */
#ifndef GORDIAN_REPORTS_HTML_COVERAGE_H
#define GORDIAN_REPORTS_HTML_COVERAGE_H

#include "reports/html_page.h"

/* Write both sections. */
void html_coverage_write(struct html_page *page);

/* The program's arguments as a shell would take them, at most `limit` characters; nothing when not known. */
void html_coverage_command(struct html_page *page, size_t limit);

/* Whether any lock was used. */
bool html_coverage_saw_locks(const struct report *report);

#endif
