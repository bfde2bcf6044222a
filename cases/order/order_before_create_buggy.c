/* Seeding a child too late: the parent takes the locks in its own order after it has started the thread.
 *
 * The child takes them in the other order. It waits here until the parent is done, but nothing makes it: it
 * may be in the middle when the parent comes. The clock only shows that the program had threads already.
 *
 * EXPECT gordian: deadlock.potential queue_lock quota_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { SEEDED, DRAINED };

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t quota_lock = PTHREAD_MUTEX_INITIALIZER;
static int jobs, quota = 2;

static void seed(void) {
    pthread_mutex_lock(&quota_lock); /* REPORTED */
    pthread_mutex_lock(&queue_lock); /* REPORTED */
    jobs = quota;
    pthread_mutex_unlock(&queue_lock);
    pthread_mutex_unlock(&quota_lock);
}

static void *drain(void *unused) {
    schedule_wait(SEEDED);
    pthread_mutex_lock(&queue_lock); /* REPORTED */
    pthread_mutex_lock(&quota_lock); /* REPORTED */
    quota -= jobs;
    pthread_mutex_unlock(&quota_lock);
    pthread_mutex_unlock(&queue_lock);
    schedule_reach(DRAINED);
    return unused;
}

static void *tick(void *unused) {
    schedule_wait(DRAINED);
    return unused;
}

int main(void) {
    pthread_t clock, drainer;
    pthread_create(&clock, NULL, tick, NULL);
    pthread_create(&drainer, NULL, drain, NULL);
    seed();
    schedule_reach(SEEDED);
    pthread_join(drainer, NULL);
    pthread_join(clock, NULL);
    return quota;
}
