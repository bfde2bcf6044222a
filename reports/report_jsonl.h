/* The report as JSON Lines while the program runs, schema "gordian-stream/1"
 * (reports/gordian-stream-1.schema.json).
 *
 * The first line names the schema and the run. Then a line for each finding the moment it is made; one when a
 * finding becomes another (report_finding_revision), and one when it is withdrawn. The last line has the
 * final counts, the coverage and a summary; a stream without it was cut off. Findings stand there as in the
 * JSON report.
 *
 *   struct report_jsonl *lines = report_jsonl_create();
 *   report_jsonl_follow(lines, report, out);     whenever the report was updated: writes what is new
 *   report_jsonl_end(lines, report, out);        once, when the program has ended
 *   report_jsonl_free(lines);
 *
 * Not thread-safe.
 */
#ifndef GORDIAN_REPORTS_REPORT_JSONL_H
#define GORDIAN_REPORTS_REPORT_JSONL_H

#include <stdio.h>

#include "reports/report.h"

struct report_jsonl;

struct report_jsonl *report_jsonl_create(void); /* never NULL (memory.h) */
void report_jsonl_free(struct report_jsonl *lines);

/* Write the lines that are due; the first call writes the first line before them. O(findings) when nothing is
 * new. Returns 0, or a negative errno of the stream. */
int report_jsonl_follow(struct report_jsonl *lines, const struct report *report, FILE *out);

/* The same, and the last line. */
int report_jsonl_end(struct report_jsonl *lines, const struct report *report, FILE *out);

#endif
