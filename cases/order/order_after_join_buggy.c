/* Collecting too early: the parent takes the locks in its own order before it has joined the thread.
 *
 * It waits here until the child is done, but only as a matter of luck: without a join the child may be in
 * the middle of its own order.
 *
 * EXPECT gordian: deadlock.potential part_lock total_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { COUNTED, COLLECTED };

static pthread_mutex_t part_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t total_lock = PTHREAD_MUTEX_INITIALIZER;
static int part = 4, total;

static void *count(void *unused) {
    pthread_mutex_lock(&part_lock);  /* REPORTED */
    pthread_mutex_lock(&total_lock); /* REPORTED */
    total += part;
    pthread_mutex_unlock(&total_lock);
    pthread_mutex_unlock(&part_lock);
    schedule_reach(COUNTED);
    return unused;
}

static void collect(void) {
    pthread_mutex_lock(&total_lock); /* REPORTED */
    pthread_mutex_lock(&part_lock);  /* REPORTED */
    part -= total;
    pthread_mutex_unlock(&part_lock);
    pthread_mutex_unlock(&total_lock);
}

static void *tick(void *unused) {
    schedule_wait(COLLECTED);
    return unused;
}

int main(void) {
    pthread_t clock, counter;
    pthread_create(&clock, NULL, tick, NULL);
    pthread_create(&counter, NULL, count, NULL);
    schedule_wait(COUNTED);
    collect();
    pthread_join(counter, NULL);
    schedule_reach(COLLECTED);
    pthread_join(clock, NULL);
    return part;
}
