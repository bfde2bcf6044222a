/* The log files that ThreadSanitizer writes in the processes of one run, one for each: gordian.tsan.<n>.<pid>
 * in the directory of the recordings, where <n> tells this run's from those that stood there before. Not
 * thread-safe.
 */
#ifndef GORDIAN_CLI_TSAN_LOGS_H
#define GORDIAN_CLI_TSAN_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cli/recordings.h"
#include "reports/report.h"

struct tsan_logs;

/* Choose the name of this run's logs in the directory. Never NULL unless memory is out, which was told. */
struct tsan_logs *tsan_logs_open(const char *dir);

/* The path of the logs, less ".<pid>". */
const char *tsan_logs_path(const struct tsan_logs *logs);

/* Read the reports that were written since the last call into the report, those about races only: what is
 * said of locks is compared with what gordian finds, at the end. Cheap when there are none. */
void tsan_logs_follow(struct tsan_logs *logs, struct recordings *recordings, struct report *report);

/* Read all that is left, also what was cut off. The recordings have been read. */
void tsan_logs_finish(struct tsan_logs *logs, struct report *report);

/* The signal that ThreadSanitizer caught in the process and then aborted it for; 0 when there was none. After
 * tsan_logs_finish. */
int tsan_logs_signal(const struct tsan_logs *logs, pid_t pid);

void tsan_logs_close(struct tsan_logs *logs);

#endif
