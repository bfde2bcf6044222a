/* The report as SARIF 2.1.0 (OASIS), for code scanning and editors.
 *
 * One run. A rule for each kind of finding, with its name of the contract as id; a result for each finding,
 * the gravest first, at most as many as GitHub takes. A result stands at the place that is wanted or misused,
 * has the places of what is held as related locations, and a code flow with a thread flow for each thread.
 * Files below the root (sources.h) are relative to SRCROOT. A result whose stacks have no source stands in
 * its module, by address.
 */
#ifndef GORDIAN_REPORTS_REPORT_SARIF_H
#define GORDIAN_REPORTS_REPORT_SARIF_H

#include <stdio.h>

#include "reports/report.h"

/* Write the report, with SRCROOT as seen from `directory` (NULL: the working directory). Returns 0, or a
 * negative errno of the stream. */
int report_sarif_write(const struct report *report, const char *directory, FILE *out);

#endif
