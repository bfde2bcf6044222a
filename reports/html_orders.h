/* The lock-order graph in the HTML report: a picture that graphviz lays out, and the orders on cycles as a
 * table, which is all there is when graphviz is not installed or takes too long. */
#ifndef GORDIAN_REPORTS_HTML_ORDERS_H
#define GORDIAN_REPORTS_HTML_ORDERS_H

#include "reports/html_page.h"

/* Write the section. Takes some seconds at most for graphviz. */
void html_orders_write(struct html_page *page);

#endif
