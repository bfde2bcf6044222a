/* The lock-order graph in graphviz's language, whole: cycles in red, with the places where both locks were
 * taken, and the ids of the findings that an order belongs to. */
#ifndef GORDIAN_REPORTS_REPORT_DOT_H
#define GORDIAN_REPORTS_REPORT_DOT_H

#include <stdio.h>

#include "reports/report.h"

/* Write the graph. Returns 0, or a negative errno of the stream. */
int report_dot_write(const struct report *report, FILE *out);

#endif
