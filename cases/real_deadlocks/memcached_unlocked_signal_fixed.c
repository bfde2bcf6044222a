/* memcached: the logger is told to stop without its lock, fixed: whoever signals has the lock. The logger
 * gives it back only by waiting, so the signal finds it waiting.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
        pthread_cond_wait(&lines_to_write, &logger_lock);
    }
    pthread_mutex_unlock(&logger_lock);
    return unused;
}

static void stop_logger(pthread_t logger) {
    pthread_mutex_lock(&logger_lock);
    stopping = true;
    pthread_cond_signal(&lines_to_write);
    pthread_mutex_unlock(&logger_lock);
    schedule_reach(TOLD);
    pthread_join(logger, NULL);
}

int main(void) {
    pthread_t logger;
    pthread_create(&logger, NULL, log_lines, NULL);
    schedule_wait(LOOKED);
    stop_logger(logger);
    return 0;
}
