/* Where the source files of a report's frames are, for formats that are read beside a checkout: relative to
 * its root where they lie below it, whatever machine and directory it is checked out in.
 *
 * The root is the top of the git work tree that a directory lies in, or that directory itself. A relative
 * path of the debug information (Bazel's) is one below the root. Not thread-safe; what is returned lives as
 * long as the `struct sources`.
 */
#ifndef GORDIAN_REPORTS_SOURCES_H
#define GORDIAN_REPORTS_SOURCES_H

#include <stdbool.h>

#include "reports/memory.h"
#include "reports/report.h"

struct sources;

/* A place in a source file; `frame` is NULL when there is none. */
struct sources_place {
    const struct report_frame *frame;
    const char *path; /* of its file, without "." and "..": relative to the root, or absolute */
    bool below;       /* the root */
};

/* `directory`: where to look for the root from; NULL: the working directory. Never NULL (memory.h). */
struct sources *sources_create(const char *directory);
void sources_free(struct sources *sources);

/* The root, absolute and without a slash at its end but for "/". */
const char *sources_root(const struct sources *sources);

/* The place of a frame whose file and line are known. O(length of the path); the file system is asked once
 * for each file that does not seem to lie below the root. */
struct sources_place sources_of_frame(struct sources *sources, const struct report_frame *frame);

/* The innermost place of a stack that lies below the root, else the innermost that is known. */
struct sources_place sources_of_stack(struct sources *sources, const struct report_stack *stack);

/* The place that a finding is shown at: that of its first step's wish, else of what that step holds, else of
 * the next steps; one below the root before all others. O(frames). */
struct sources_place sources_of_finding(struct sources *sources, const struct report_finding *finding);

/* The path as that of a URI, each byte that is none of its characters as %41 (RFC 3986). */
const char *sources_uri(struct memory_pool *pool, const char *path);

#endif
