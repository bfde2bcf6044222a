/* What a filter did to the findings of a report, in words for people. Names in them are the user's and the
 * program's, unescaped.
 */
#ifndef GORDIAN_REPORTS_FILTER_WORDS_H
#define GORDIAN_REPORTS_FILTER_WORDS_H

#include "reports/filter.h"
#include "reports/memory.h"

/* Lines of text. They and the array are the pool's. */
struct filter_lines {
    const char **lines;
    size_t count;
};

/* One line for each reason for which findings were put aside: "3 findings by rule cache before start
 * (gordian.supp:3)", "1 finding outside of --only-module libfoo.so*". O(rules + findings). */
struct filter_lines filter_words_aside(struct memory_pool *pool, const struct report *report);

/* One line for each thing to know of the filter itself: the places of mistakes in rules, each expired rule,
 * the rules that silenced nothing, and how much of the baseline is gone. At most `names` mistakes and rules
 * are named in a line, the others counted. O(rules + findings). */
struct filter_lines filter_words_remarks(struct memory_pool *pool, const struct report *report, size_t names);

#endif
