/* Progress of long work: what takes its time says how far it is, and whoever runs it may show that.
 *
 * One observer for the process. Not thread-safe, as the report is not. Telling costs a branch when nobody
 * observes; it may be done some hundred thousand times a second.
 */
#ifndef GORDIAN_REPORTS_PROGRESS_H
#define GORDIAN_REPORTS_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

/* `what` is a constant text, such as "reading recordings"; `total` is 0 when it is not known. */
typedef void (*progress_observer)(const char *what, uint64_t done, uint64_t total);

/* From here on `observer` is told; NULL: nobody. */
void progress_observe(progress_observer observer);

void progress_tell(const char *what, uint64_t done, uint64_t total);

#endif
