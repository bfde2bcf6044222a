/* Draws the knot of a finding (knot.h) as an SVG in the page. */
#ifndef GORDIAN_REPORTS_HTML_KNOT_H
#define GORDIAN_REPORTS_HTML_KNOT_H

#include "reports/html_page.h"

/* Write the picture with its caption; nothing when the finding names no lock. */
void html_knot_write(struct html_page *page, const struct report_finding *finding);

#endif
