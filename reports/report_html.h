/* The HTML report: one file that needs no other, no network and no script.
 *
 * Everything is on the page and can be read without JavaScript; the script adds the filter, the search,
 * sorting and the zoom. A Content-Security-Policy lets nothing run but that script, whatever the program
 * calls its locks.
 */
#ifndef GORDIAN_REPORTS_REPORT_HTML_H
#define GORDIAN_REPORTS_REPORT_HTML_H

#include <stdio.h>

#include "reports/report.h"

/* Write the whole report. Takes some seconds at most for graphviz, when it is installed. Returns 0, or a
 * negative errno of the stream. */
int report_html_write(const struct report *report, FILE *out);

#endif
