/* The JSON report, schema "gordian-report/1" (reports/gordian-report-1.schema.json). */
#ifndef GORDIAN_REPORTS_REPORT_JSON_H
#define GORDIAN_REPORTS_REPORT_JSON_H

#include <stdio.h>

#include "reports/report.h"

/* Write the whole report as one JSON document and a newline. Returns 0, or a negative errno of the stream. */
int report_json_write(const struct report *report, FILE *out);

#endif
