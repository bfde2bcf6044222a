/* Two reports compared: which findings are new in the later one, gone from it, and kept.
 *
 * A finding is kept when the earlier one knows it (baseline_find), else new. What only the earlier one has is
 * gone; a prediction that has come true is not gone, while the deadlock is new. Only reads its two sides.
 */
#ifndef GORDIAN_REPORTS_DIFF_H
#define GORDIAN_REPORTS_DIFF_H

#include <stdbool.h>
#include <stdio.h>

#include "reports/baseline.h"

struct diff {
    const struct baseline *before, *after;
    const char *before_name, *after_name; /* as the user named them */
};

/* How many findings are new and count for an exit status (baseline_counts). */
size_t diff_counting(const struct diff *diff);

/* Write the comparison for people: a line of numbers, then a line for each finding, the new ones first.
 * Returns 0, or a negative errno of the stream. */
int diff_write_text(const struct diff *diff, bool colour, FILE *out);

/* Write it as JSON: gordian-diff-1.schema.json. Returns 0, or a negative errno of the stream. */
int diff_write_json(const struct diff *diff, FILE *out);

#endif
