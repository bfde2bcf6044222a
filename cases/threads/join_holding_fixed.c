/* A join with a lock held, fixed: the lock is given back before the join. It guards the flag, not the worker.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { CLOSING };

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static bool closed;
static int jobs_left = 3, jobs_done;

static bool take_job(void) {
    pthread_mutex_lock(&queue_lock);
    bool taken = !closed && jobs_left > 0;
    if (taken)
        jobs_left--;
    pthread_mutex_unlock(&queue_lock);
    return taken;
}

static void *work(void *unused) {
    schedule_wait(CLOSING);
    while (take_job())
        jobs_done++;
    return unused;
}

static void shut_down(pthread_t worker) {
    pthread_mutex_lock(&queue_lock);
    closed = true;
    schedule_reach(CLOSING);
    pthread_mutex_unlock(&queue_lock);
    pthread_join(worker, NULL);
}

int main(void) {
    pthread_t worker;
    pthread_create(&worker, NULL, work, NULL);
    shut_down(worker);
    return jobs_done;
}
