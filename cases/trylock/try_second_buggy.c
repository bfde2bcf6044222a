/* A statistic that waits: the reader of the counters locks the log inside, against the order of all others.
 *
 * Each of the two threads can hold one lock and wait for the other's.
 *
 * EXPECT gordian: deadlock.potential log_lock counter_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, LOGGED };

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t counter_lock = PTHREAD_MUTEX_INITIALIZER;
static int lines, counter;

static void *write_log(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&log_lock);     /* REPORTED */
    pthread_mutex_lock(&counter_lock); /* REPORTED */
    lines = ++counter;
    pthread_mutex_unlock(&counter_lock);
    pthread_mutex_unlock(&log_lock);
    schedule_reach(LOGGED);
    return unused;
}

static void *show_counters(void *unused) {
    schedule_wait(LOGGED);
    pthread_mutex_lock(&counter_lock); /* REPORTED */
    pthread_mutex_lock(&log_lock);     /* REPORTED */
    counter -= lines;
    pthread_mutex_unlock(&log_lock);
    pthread_mutex_unlock(&counter_lock);
    return unused;
}

int main(void) {
    pthread_t writer, viewer;
    pthread_create(&writer, NULL, write_log, NULL);
    pthread_create(&viewer, NULL, show_counters, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(writer, NULL);
    pthread_join(viewer, NULL);
    return counter;
}
