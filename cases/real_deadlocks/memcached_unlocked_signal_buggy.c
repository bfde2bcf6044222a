/* memcached: the logger is told to stop without its lock, between its look at the flag and its wait.
 *
 * The logger holds the lock, sees that it is not to stop, and is about to wait. The shutdown does not take
 * the lock: it sets the flag and signals in that gap, where nobody waits yet. The signal is gone, the logger
 * waits for ever, and the shutdown waits for the logger. The flag is atomic, so there is no data race.
 * ThreadSanitizer does not watch threads that wait.
 *
 * EXPECT gordian: hang.all_blocked lines_to_write
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 * Source: memcached pull request 920
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { LOOKED, TOLD };

static pthread_mutex_t logger_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t lines_to_write = PTHREAD_COND_INITIALIZER;
static atomic_bool stopping;

static void *log_lines(void *unused) {
    pthread_mutex_lock(&logger_lock);
    while (!stopping) {
        schedule_reach(LOOKED);
        schedule_linger(TOLD);
        pthread_cond_wait(&lines_to_write, &logger_lock); /* REPORTED */
    }
    pthread_mutex_unlock(&logger_lock);
    return unused;
}

static void stop_logger(pthread_t logger) {
    stopping = true;
    pthread_cond_signal(&lines_to_write);
    schedule_reach(TOLD);
    pthread_join(logger, NULL); /* REPORTED */
}

int main(void) {
    pthread_t logger;
    pthread_create(&logger, NULL, log_lines, NULL);
    schedule_wait(LOOKED);
    stop_logger(logger);
    return 0;
}
