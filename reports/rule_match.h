/* What a rule of suppressions.h asks for, and whether a finding has it. Pure but for the memory of a view.
 */
#ifndef GORDIAN_REPORTS_RULE_MATCH_H
#define GORDIAN_REPORTS_RULE_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/glob.h"
#include "reports/memory.h"
#include "reports/report.h"

/* What of a frame a glob is for. */
enum rule_part { RULE_ANY, RULE_FUNCTION, RULE_FILE, RULE_MODULE, RULE_PARTS };

struct rule_frame {
    enum rule_part part;
    struct glob glob;
    bool gap; /* "...": any number of frames, and the others say nothing */
};

/* From cheap to dear. */
enum rule_question { RULE_ID, RULE_KIND, RULE_LOCK, RULE_FRAME, RULE_FRAMES };

struct rule_condition {
    enum rule_question what;
    struct glob glob; /* id, kind and lock */
    const struct rule_frame *frames;
    size_t frames_count; /* RULE_FRAME: 1 */
};

/* A finding as rules look at it: the names of its frames are made when the first rule asks for them. */
struct rule_view {
    const struct report_finding *finding;
    struct memory_pool pool;
    struct rule_stack *stacks; /* NULL: not made yet */
    size_t stacks_count;
};

/* The finding must outlive the view. */
struct rule_view rule_view_of(const struct report_finding *finding);
void rule_view_free(struct rule_view *view);

/* Whether the finding has what the condition asks for. O(frames of the finding x frames of the condition).
 */
bool rule_asks(const struct rule_condition *condition, struct rule_view *view);

#endif
