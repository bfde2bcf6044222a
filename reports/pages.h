/* Pages for a detector's arena (detector/arena.h) in the command, all given back at once.
 *
 * The arena asks without saying who it is, so there is one set at a time. Not thread-safe.
 */
#ifndef GORDIAN_REPORTS_PAGES_H
#define GORDIAN_REPORTS_PAGES_H

#include <stddef.h>

/* Begin a set; none may be begun. */
void pages_start(void);

/* An arena_pages. */
void *pages_get(size_t bytes);

/* Give all pages of the set back. */
void pages_end(void);

#endif
