/* Which frames of a stack tell a person something.
 *
 * A stack begins with what stands between the program and the lock (libgordian.so, pthread_mutex_lock, an
 * interceptor of a sanitizer, std::lock_guard) and ends with what stands below the program's first function
 * (start_thread, _start). All functions here are pure.
 */
#ifndef GORDIAN_REPORTS_FRAMES_H
#define GORDIAN_REPORTS_FRAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/report.h"

struct frames_range {
    size_t first, end; /* frames[first] to frames[end - 1] */
};

/* The part of a stack to show. Never empty unless the stack is. `full`: only libgordian.so and pthread
 * functions at the inner end are left out. */
struct frames_range frames_visible(const struct report_stack *stack, bool full);

/* The frame that a person would name as the place: the innermost visible one. NULL for an empty stack. */
const struct report_frame *frames_site(const struct report_stack *stack);

/* The last component of a path. */
const char *frames_basename(const char *path);

#endif
