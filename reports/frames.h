/* Which frames of a stack tell a person something.
 *
 * A stack begins with what stands between the program and the lock (libgordian.so, pthread_mutex_lock, an
 * interceptor of a sanitizer, std::lock_guard) and ends with what stands below the program's first function
 * (start_thread, _start). Where Python functions are known, the frames of the interpreter that runs them tell
 * nothing either. All functions here are pure.
 */
#ifndef GORDIAN_REPORTS_FRAMES_H
#define GORDIAN_REPORTS_FRAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/report.h"

/* A way through the frames to show, from the innermost one out. Frames of Python functions stand first in a
 * stack; the walk gives them where the interpreter begins, after the frames of an extension that is further
 * in. */
struct frames_walk {
    const struct report_stack *stack;
    bool full;
    size_t python;     /* frames[0] to frames[python - 1] are Python's */
    size_t first, end; /* of the others: those between the hooks and the bottom */
    size_t inner;      /* of those, the ones before it are further in than the Python functions */
    size_t next;       /* how many were walked past */
};

/* Begin at the innermost frame. `full`: only libgordian.so and pthread functions at the inner end are left
 * out. The walk is never empty unless the stack is. */
struct frames_walk frames_begin(const struct report_stack *stack, bool full);

/* Return the next frame to show, NULL at the end. Amortised O(1). */
const struct report_frame *frames_next(struct frames_walk *walk);

/* The frame that a person would name as the place: the innermost one to show. NULL for an empty stack. */
const struct report_frame *frames_site(const struct report_stack *stack);

/* Whether it is one of the library's own, which stands between the program and what it called. */
bool frames_is_ours(const struct report_frame *frame);

/* Whose frame it is when it is hardly the project's: "the C++ library", the name of a module that the system
 * has installed, "/usr/include" for what is compiled in from there. NULL for the project's. */
const char *frames_library(const struct report_frame *frame);

/* Whether it is of the C++ library. */
bool frames_is_standard(const struct report_frame *frame);

/* The last component of a path. */
const char *frames_basename(const char *path);

#endif
