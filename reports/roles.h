/* Whether two threads of two processes can run at the same time.
 *
 * A thread of one run has no counterpart in another one but its role: the first thread of the program, or a
 * thread created by certain calls. Two first threads are never two threads of one process. Of other roles
 * each of the two runs is asked: was there another thread of the other's role, and did it run at the same
 * time as what the thread did (by creation and joining, segments.h)?
 *   - One says that what the thread did came before or after all of that role, and that the thread ran beside
 *     that role at other times: never. (main does it after it has joined the workers.)
 *   - Both say yes: certain. So it is if one has no such thread, and in the other a thread of that role ran
 *     beside it from beginning to end, or if neither has one and in some other run threads of both roles ran
 *     beside each other from beginning to end. (All of a pool.)
 *   - One has no such thread, and in the other it ran beside it only for some of the time: uncertain.
 *   - One says yes, and in the other all threads of the two roles came one after the other: uncertain.
 *   - Neither has one, nor is there such a run: uncertain.
 *   - All that is known says one after the other: never.
 * A thread that pthread_create did not make has a role of its own.
 *
 * Threads of two processes that use locks between processes are different threads whatever their roles.
 * Certain is that they run at the same time if the processes did, on one machine, and neither has started the
 * other: a parent may have waited for its child.
 *
 * Not thread-safe. Answers are kept: O(threads of a role log segments) for a new question.
 */
#ifndef GORDIAN_REPORTS_ROLES_H
#define GORDIAN_REPORTS_ROLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detector/segments.h"
#include "reports/joins.h"

enum roles_answer { ROLES_NEVER, ROLES_PERHAPS, ROLES_SURELY };

struct roles;

/* Find the roles of all threads. The runs and the segments of all of them must outlive the roles. */
struct roles *roles_create(struct merge_run *runs, size_t count, const struct segments *segments);
void roles_free(struct roles *roles);

/* Whether thread `a` in segment `i` and thread `b` in segment `k` can run at the same time, in one process
 * or, with `between`, in theirs. Threads are numbered among all. `why` gets what makes a ROLES_PERHAPS one;
 * may be NULL. */
enum roles_answer roles_meet(struct roles *roles, bool between, uint32_t a, uint32_t i, uint32_t b,
                             uint32_t k, const char **why);

/* The run that the thread is of. O(log runs). */
size_t roles_run(const struct roles *roles, uint32_t thread);

#endif
