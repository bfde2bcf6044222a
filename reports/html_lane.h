/* The lanes of a finding: for each thread, from left to right, which locks it takes and holds and what it
 * waits for, as an SVG in the page. They show orders, never times that the recording does not have: each
 * thread's own steps are in their order, and how those of different threads stand to each other is shown only
 * where it is known. */
#ifndef GORDIAN_REPORTS_HTML_LANE_H
#define GORDIAN_REPORTS_HTML_LANE_H

#include "reports/html_page.h"

/* Write the lanes with their caption; nothing when there is nothing to show. */
void html_lane_write(struct html_page *page, const struct report_finding *finding);

#endif
