/* A join with a lock held: shutting down locks the queue, and waits for a worker that needs the lock once
 * more.
 *
 * "No more work" is set under the queue's lock, and the lock is kept until the worker has ended. The worker
 * comes to look at the queue and waits for the lock, whose holder waits for the worker. A lock and a join
 * make this ring, so no two locks are taken in opposite orders; ThreadSanitizer hangs in silence.
 *
 * EXPECT gordian: deadlock.actual shape=join queue_lock
 * EXPECT tsan: none
 * EXPECT exit: never
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
    pthread_mutex_lock(&queue_lock); /* REPORTED */
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
    pthread_mutex_lock(&queue_lock); /* REPORTED */
    closed = true;
    schedule_reach(CLOSING);
    pthread_join(worker, NULL); /* REPORTED */
    pthread_mutex_unlock(&queue_lock);
}

int main(void) {
    pthread_t worker;
    pthread_create(&worker, NULL, work, NULL);
    shut_down(worker);
    return jobs_done;
}
