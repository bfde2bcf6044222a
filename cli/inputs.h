/* The recordings that are named on a command line: files, directories of them, saved lock orders. */
#ifndef GORDIAN_CLI_INPUTS_H
#define GORDIAN_CLI_INPUTS_H

#include <stdbool.h>

#include "reports/report.h"

/* What a recording is, for a mistake. */
extern const char inputs_advice[];

/* Read them into the report, those of a directory in the order of their names. What cannot be read is told.
 * Returns 0; or CLI_FAILED, at the first that cannot be read, or, when `lenient`, if none can. */
int inputs_read(struct report *report, int count, const char *const *paths, bool lenient);

#endif
