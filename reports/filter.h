/* What a run asks for of its findings: which are silenced, which are known, and whose code is looked at.
 *
 * A report judges each finding when it is made (report_set_filter) and keeps the verdict in its fields
 * suppressed, suppressed_by and known. Nothing is thrown away: writers show what was put aside as that.
 *
 * --only-module: a finding is inside when a side of it (sides.h) was taken, or is wanted, by a module that a
 * glob matches, by its path or base name. That module is the one of the innermost frame to show (frames.h)
 * that is not the C library's, the loader's or a C++ library's; for a Python function its source file stands
 * for the module. A finding of which no module is known is inside. Rules come first: what they silence is
 * silenced by them.
 *
 * Not thread-safe. All memory belongs to the filter, which must outlive the reports that use it.
 */
#ifndef GORDIAN_REPORTS_FILTER_H
#define GORDIAN_REPORTS_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/baseline.h"
#include "reports/report.h"
#include "reports/suppressions.h"

struct filter;

/* Return a filter that puts nothing aside. `today`: as suppressions_create. */
struct filter *filter_create(uint32_t today);
void filter_free(struct filter *filter);

/* The rules, to read files into them, and to look at. */
struct suppressions *filter_suppressions(struct filter *filter);

/* The baseline, to read files into it; from then on findings are compared with it. */
struct baseline *filter_baseline(struct filter *filter);

/* Look at this module, too. Returns 0, or -EINVAL when the glob is longer than GLOB_LIMIT or empty. The text
 * is copied. */
int filter_add_module(struct filter *filter, const char *glob);

/* Give the verdict on a finding: sets suppressed, suppressed_by and known, and counts in the rules. */
void filter_judge(struct filter *filter, struct report_finding *finding);

/* For writers: the rules that were read and the mistakes in them, NULL after the last. */
size_t filter_rules(const struct filter *filter);
const struct suppression *filter_rule(const struct filter *filter, size_t index);
const char *filter_mistake(const struct filter *filter, size_t index);

/* How many of the report's findings each rule silenced, by its index, and last how many are outside of
 * --only-module: filter_rules + 1 numbers, which the caller frees. O(findings + rules). */
size_t *filter_silenced(const struct filter *filter, const struct report *report);

/* Whether findings are compared with a baseline, and how many of it the report does not have. */
bool filter_has_baseline(const struct filter *filter);
size_t filter_gone(const struct filter *filter, const struct report *report);

/* "--only-module libfoo.so*", with every glob; NULL when all modules are looked at. It is what suppressed_by
 * says of a finding outside of them. */
const char *filter_modules(const struct filter *filter);

#endif
