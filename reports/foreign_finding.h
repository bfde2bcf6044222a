/* Makes a finding of what another tool has reported.
 *
 * In a run under gordian the process's recording knows more than the report: then threads are found by the
 * kernel's number and locks by their address, and the finding has gordian's own objects for them, with their
 * names and stacks; frames are resolved from their module and offset, so that stacks are as in gordian's own
 * findings. Without a recording, frames are as the tool gives them; one without a function is looked up if
 * its build id is told and the file is there.
 */
#ifndef GORDIAN_REPORTS_FOREIGN_FINDING_H
#define GORDIAN_REPORTS_FOREIGN_FINDING_H

#include "reports/foreign.h"
#include "reports/resolver.h"

/* What a report is about. Everything must outlive the finding. */
struct foreign_subject {
    struct memory_pool *pool;
    struct symbols *symbols;
    struct resolver *resolver; /* of the process's recording; NULL when there is none */
    const struct report_process *process;
};

/* Return the finding, its memory in the subject's pool, without id, names and message. `holds` is the number
 * of locks that the steps hold in all. */
struct report_finding foreign_finding_of(const struct foreign_subject *subject,
                                         const struct foreign_report *report, size_t *holds);

/* Whether gordian has watched the threads and locks of this finding in the same process: every one of them is
 * in the recording, and nothing of it was lost. Then a lock order that gordian does not report is none to
 * fear. */
bool foreign_finding_watched(const struct foreign_subject *subject, const struct foreign_report *report);

#endif
