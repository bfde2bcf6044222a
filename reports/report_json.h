/* The JSON report, schema "gordian-report/1" (reports/gordian-report-1.schema.json). */
#ifndef GORDIAN_REPORTS_REPORT_JSON_H
#define GORDIAN_REPORTS_REPORT_JSON_H

#include <stdio.h>

#include "reports/report.h"

/* Write the whole report as one JSON document and a newline. Returns 0, or a negative errno of the stream. */
int report_json_write(const struct report *report, FILE *out);

/* Its parts, for the JSON Lines that have them too: each adds the member of its name to `root`. */
struct cJSON;
void report_json_tool(struct cJSON *root);
void report_json_run(struct cJSON *root, const struct report *report);
void report_json_coverage(struct cJSON *root, const struct report *report);

/* Return a finding as it stands in the report. The caller owns it. */
struct cJSON *report_json_finding(const struct report_finding *finding);

#endif
