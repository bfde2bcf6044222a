/* A finding in the HTML report: its sentence, its picture, its threads side by side. */
#ifndef GORDIAN_REPORTS_HTML_FINDING_H
#define GORDIAN_REPORTS_HTML_FINDING_H

#include "reports/html_page.h"

/* Write the finding as an article; `open`: unfolded. A page that has grown large gets less (html_page.h). */
void html_finding_write(struct html_page *page, const struct report_finding *finding, bool open);

/* The word for what becomes of a finding: "error", "warning", "note", "suppressed". */
const char *html_finding_weight(const struct report_finding *finding);

#endif
