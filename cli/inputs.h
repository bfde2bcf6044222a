/* The recordings that a subcommand is given: files, and directories that hold them. */
#ifndef GORDIAN_CLI_INPUTS_H
#define GORDIAN_CLI_INPUTS_H

#include "reports/report.h"

/* What helps whoever names something else. */
extern const char inputs_advice[];

/* Read a recording, or all recordings (*.rec) of a directory in the order of their names, into the report.
 * Returns 0, or CLI_FAILED after it was told what is wrong. */
int inputs_read(struct report *report, const char *path);

#endif
