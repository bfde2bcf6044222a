/* What report.c gives to report_foreign.c alone: the parts of a report that its users never see. */
#ifndef GORDIAN_REPORTS_REPORT_INSIDE_H
#define GORDIAN_REPORTS_REPORT_INSIDE_H

#include "reports/memory.h"
#include "reports/report.h"
#include "reports/resolver.h"
#include "reports/symbols.h"

/* A process that only another tool tells of. */
struct report_guest {
    struct report_process process;
    struct report_guest *next;
};

struct memory_pool *report_inside_pool(struct report *report);
struct symbols *report_inside_symbols(struct report *report);
struct report_guest **report_inside_guests(struct report *report);

/* The process of this number whose recording was read last, with what resolves its ids; NULL when there is
 * none.
 */
const struct report_process *report_inside_process(struct report *report, uint32_t pid,
                                                   struct resolver **resolver);

/* Fill in the threads and locks that the steps name. `holds`: how many the steps hold in all. */
void report_inside_gather(struct report *report, struct report_finding *finding, size_t holds);

/* Enter a finding, which gets its id, under the bug that it is about. Returns it as the report keeps it; it
 * counts when report_inside_count has said how often it was seen. */
struct report_finding *report_inside_enter(struct report *report, const struct report_finding *finding);

/* Append a finding with this id, which none has. */
struct report_finding *report_inside_append(struct report *report, const struct report_finding *finding,
                                            uint64_t id);

/* The finding with this id, NULL when there is none. O(1). */
struct report_finding *report_inside_find(struct report *report, uint64_t id);

/* A finding as the report keeps it was seen so many times more. */
void report_inside_count(struct report_finding *finding, uint64_t more);

/* Say which tools have said the finding at this place. The text is kept. */
void report_inside_set_source(struct report *report, size_t index, const char *source);

#endif
