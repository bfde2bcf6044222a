/* The findings of an earlier report, as far as later ones are compared with them.
 *
 * A baseline is read from a JSON report or from JSON Lines, one object to a line, or made of a report at
 * hand. It keeps one entry for each id. A finding is known when its id is there, and a prediction also when
 * the deadlock that it predicts is: that this has not happened again is no news. That a predicted deadlock
 * happens is.
 *
 * Not thread-safe. All memory belongs to the baseline. Any bytes may be read; time and memory are O(size).
 */
#ifndef GORDIAN_REPORTS_BASELINE_H
#define GORDIAN_REPORTS_BASELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reports/report.h"

struct baseline;

struct baseline_finding {
    const char *id, *kind, *severity, *message;
    const char *happened_id; /* as in struct report_finding */
    uint64_t count;          /* 0: a later line took it back; it is not there */
    bool suppressed, known;
};

struct baseline *baseline_create(void);
void baseline_free(struct baseline *baseline);

/* Add the findings in `size` bytes of JSON or JSON Lines. Returns 0, or -EINVAL with one line in `error` that
 * says why it is no report of gordian's; then some may have been added. */
int baseline_read_text(struct baseline *baseline, const char *text, size_t size, char *error,
                       size_t error_size);

/* Add those of a file. Returns 0, or a negative errno with one line in `error`. */
int baseline_read_file(struct baseline *baseline, const char *path, char *error, size_t error_size);

/* Add the findings of a report that were not withdrawn. */
void baseline_add_report(struct baseline *baseline, const struct report *report);

/* The findings, in the order in which they were added. */
size_t baseline_findings(const struct baseline *baseline);
const struct baseline_finding *baseline_finding(const struct baseline *baseline, size_t index);

/* Return the entry by which a finding with these ids is known, NULL when it is new. `happened_id` may be
 * NULL. O(1). */
const struct baseline_finding *baseline_find(const struct baseline *baseline, const char *id,
                                             const char *happened_id);

/* Whether the baseline has the bug of a finding of another one in any form: predicted, or happened. O(1). */
bool baseline_has_bug(const struct baseline *baseline, const struct baseline_finding *finding);

/* Whether the finding counted for the exit status of the run that it is from (report_counts). */
bool baseline_counts(const struct baseline_finding *finding);

#endif
