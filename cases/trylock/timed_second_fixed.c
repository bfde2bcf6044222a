/* A wait without a limit, fixed: the courier gives up after a while, and gives back the van. Such a ring
 * comes undone by itself: it can cost time, but nobody waits for ever.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <time.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, DELIVERED };

static pthread_mutex_t van_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t depot_lock = PTHREAD_MUTEX_INITIALIZER;
static int parcels = 2, loaded;

static int enter_depot(void) {
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 10;
    return pthread_mutex_timedlock(&depot_lock, &limit);
}

static void *deliver(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&van_lock);
    if (enter_depot() == 0) {
        loaded = parcels;
        pthread_mutex_unlock(&depot_lock);
    }
    pthread_mutex_unlock(&van_lock);
    schedule_reach(DELIVERED);
    return unused;
}

static void *check_in(void *unused) {
    schedule_wait(DELIVERED);
    pthread_mutex_lock(&depot_lock);
    pthread_mutex_lock(&van_lock);
    parcels -= loaded;
    pthread_mutex_unlock(&van_lock);
    pthread_mutex_unlock(&depot_lock);
    return unused;
}

int main(void) {
    pthread_t courier, clerk;
    pthread_create(&courier, NULL, deliver, NULL);
    pthread_create(&clerk, NULL, check_in, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(courier, NULL);
    pthread_join(clerk, NULL);
    return parcels;
}
