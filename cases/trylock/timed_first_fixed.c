/* The limit on the wrong lock, fixed: the lock that is taken with another one held has the limit. A ring of
 * the two comes undone by itself when the time is over.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    pthread_mutex_lock(&counter_lock);
    if (pthread_mutex_timedlock(&till_lock, &limit) == 0) {
        sales++;
        pthread_mutex_unlock(&till_lock);
    }
    pthread_mutex_unlock(&counter_lock);
    schedule_reach(SOLD);
    return unused;
}

static void *close_shop(void *unused) {
    schedule_wait(SOLD);
    pthread_mutex_lock(&till_lock);
    pthread_mutex_lock(&counter_lock);
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
