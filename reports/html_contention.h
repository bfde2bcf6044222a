/* The contention table of the HTML report. */
#ifndef GORDIAN_REPORTS_HTML_CONTENTION_H
#define GORDIAN_REPORTS_HTML_CONTENTION_H

#include "reports/html_page.h"

/* Write the section: the locks that were waited for, the longest in all first. */
void html_contention_write(struct html_page *page);

#endif
