/* The limit on the wrong lock: the first lock is waited for with a limit, the second without.
 *
 * The limit is over once the lock is held. With the counter held the thread waits for the till without one,
 * and another thread holds the till and waits for the counter.
 *
 * EXPECT gordian: deadlock.potential till_lock counter_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>
#include <time.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, SOLD };

static pthread_mutex_t till_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t counter_lock = PTHREAD_MUTEX_INITIALIZER;
static int sales, in_till;

static void *sell(void *unused) {
    struct timespec limit;
    schedule_wait(BOTH_EXIST);
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 10;
    if (pthread_mutex_timedlock(&counter_lock, &limit) == 0) { /* REPORTED */
        pthread_mutex_lock(&till_lock);                        /* REPORTED */
        sales++;
        pthread_mutex_unlock(&till_lock);
        pthread_mutex_unlock(&counter_lock);
    }
    schedule_reach(SOLD);
    return unused;
}

static void *close_shop(void *unused) {
    schedule_wait(SOLD);
    pthread_mutex_lock(&till_lock);    /* REPORTED */
    pthread_mutex_lock(&counter_lock); /* REPORTED */
    in_till = sales;
    pthread_mutex_unlock(&counter_lock);
    pthread_mutex_unlock(&till_lock);
    return unused;
}

int main(void) {
    pthread_t seller, closer;
    pthread_create(&seller, NULL, sell, NULL);
    pthread_create(&closer, NULL, close_shop, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(seller, NULL);
    pthread_join(closer, NULL);
    return in_till == 1 ? 0 : 1;
}
