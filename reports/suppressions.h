/* Suppressions: rules by which people say which findings are no news to them.
 *
 *   # The cache is filled before the second thread exists.
 *   [cache before start]
 *   kind: deadlock.potential
 *   frames: cache_fill; ...; module:libcache.so*
 *   lock: cache_lock
 *   expires: 2027-01-31
 *
 * A rule is a line with its name in brackets, and below it lines "key: value". It silences a finding when
 * everything that it asks for is so; for "or" there are several rules. What it can ask for:
 *
 *   kind: GLOB      the finding's kind
 *   id: ID          the finding's id: this very finding. The id of a deadlock that happened covers its
 *                   prediction, too; the id of a prediction does not cover the deadlock.
 *   lock: GLOB      a lock of the knot has this name, as reports show it, or this variable
 *   frame: FRAME    a stack of the knot has such a frame, anywhere
 *   frames: FRAME; FRAME; ...; FRAME
 *                   a stack of the knot begins with these frames, from the innermost one to show outwards
 *                   (frames.h); "..." stands for any number of frames, and what follows the last one is free
 *   expires: DATE   YYYY-MM-DD: from the day after, the rule silences nothing and is told
 *
 * kind, id and expires stand once, the others as often as needed; at least one of the others than expires
 * must be there. FRAME is a GLOB for the function (with or without its parameters), the path or base name of
 * the source file, or the path or base name of the module; "function:", "file:" or "module:" before it says
 * which of them. GLOB: see glob.h. "The knot": see sides.h; locks that are held beside it do not count.
 * Threads are not asked for: occurrences of one bug in different threads are one finding, and a rule for the
 * one would silence the other.
 *
 * A line that begins with # is a comment, as in Valgrind's files and ThreadSanitizer's. From the former are
 * the names of rules, any number of frames and "..."; but "key: value" instead of a position that has a
 * meaning, and what is told of a mistake has a line. The latter's one-liners are taken as they are, so that
 * one file can serve both: "deadlock:TEXT", "mutex:TEXT" and "race:TEXT" ask for deadlock.*, misuse.* and
 * race.* with a frame that contains TEXT, where * is any text and ^ and $ are the ends.
 *
 * A rule with a mistake is told with file and line, and left out whole: without one of its lines it would
 * silence more than was meant. The other rules count. There are bounds, which are told, too: lines of 4,096
 * bytes, globs of 1,000, 64 frames in a sequence, files of 16 MiB.
 *
 * All memory belongs to the suppressions. Not thread-safe. Any bytes may be read.
 */
#ifndef GORDIAN_REPORTS_SUPPRESSIONS_H
#define GORDIAN_REPORTS_SUPPRESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reports/report.h"

struct suppressions;

struct suppression {
    const char *name; /* of a one-liner: the line */
    const char *file;
    unsigned line;
    uint32_t expires; /* the last day on which it counts: 20270131; 0: it does not expire */
    bool expired;
    size_t matched; /* findings that it silenced, or would have if it had not expired */
    size_t index;   /* its place among the rules */
};

/* Return an empty set. `today`: the day that expiry dates are compared with, 20270131 for the 31st of January
 * 2027. */
struct suppressions *suppressions_create(uint32_t today);
void suppressions_free(struct suppressions *suppressions);

/* Add the rules in `size` bytes of text, which need not end with a NUL. `file`: what mistakes and rules name.
 */
void suppressions_read_text(struct suppressions *suppressions, const char *file, const char *text,
                            size_t size);

/* Add the rules of a file. Returns 0, or a negative errno when it cannot be read or is too large (-EFBIG). */
int suppressions_read_file(struct suppressions *suppressions, const char *path);

/* One line "FILE:LINE: what is wrong" for each rule that was left out; NULL when there are no more. */
const char *suppressions_mistake(const struct suppressions *suppressions, size_t index);

/* The rules, in the order of the files; NULL when there are no more. */
size_t suppressions_rules(const struct suppressions *suppressions);
const struct suppression *suppressions_rule(const struct suppressions *suppressions, size_t index);

/* Return the first rule that silences the finding, NULL when none does, and count it in every rule that
 * matches. `happened_id` of a prediction counts as its id. O(rules x frames). */
const struct suppression *suppressions_match(struct suppressions *suppressions,
                                             const struct report_finding *finding);

/* Today, by the local time. */
uint32_t suppressions_today(void);

#endif
