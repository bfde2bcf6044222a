/* Collecting too early, fixed: the parent joins first. Whatever the child did is over then, so the two
 * orders never meet. ThreadSanitizer does not use that for lock orders, and cries wolf.
 *
 * EXPECT gordian: none
 * EXPECT tsan: lock-order-inversion wrongly
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { COUNTED, COLLECTED };

static pthread_mutex_t part_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t total_lock = PTHREAD_MUTEX_INITIALIZER;
static int part = 4, total;

static void *count(void *unused) {
    pthread_mutex_lock(&part_lock);
    pthread_mutex_lock(&total_lock);
    total += part;
    pthread_mutex_unlock(&total_lock);
    pthread_mutex_unlock(&part_lock);
    schedule_reach(COUNTED);
    return unused;
}

static void collect(void) {
    pthread_mutex_lock(&total_lock);
    pthread_mutex_lock(&part_lock);
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
    pthread_join(counter, NULL);
    collect();
    schedule_reach(COLLECTED);
    pthread_join(clock, NULL);
    return part;
}
