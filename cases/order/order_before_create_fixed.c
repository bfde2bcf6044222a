/* Seeding a child too late, fixed: the parent takes the locks before it starts the thread. Whatever came
 * before pthread_create is over when the child begins, so the two orders never meet. ThreadSanitizer does not
 * use that for lock orders, and cries wolf.
 *
 * EXPECT gordian: none
 * EXPECT tsan: lock-order-inversion wrongly
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { SEEDED, DRAINED };

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t quota_lock = PTHREAD_MUTEX_INITIALIZER;
static int jobs, quota = 2;

static void seed(void) {
    pthread_mutex_lock(&quota_lock);
    pthread_mutex_lock(&queue_lock);
    jobs = quota;
    pthread_mutex_unlock(&queue_lock);
    pthread_mutex_unlock(&quota_lock);
}

static void *drain(void *unused) {
    schedule_wait(SEEDED);
    pthread_mutex_lock(&queue_lock);
    pthread_mutex_lock(&quota_lock);
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
    seed();
    pthread_create(&drainer, NULL, drain, NULL);
    schedule_reach(SEEDED);
    pthread_join(drainer, NULL);
    pthread_join(clock, NULL);
    return quota;
}
