/* A wait without a limit: the courier waits for the depot with the van locked, for as long as it takes.
 *
 * The depot's clerk takes the two locks in the other order. Each of them can hold one lock and wait for the
 * other's.
 *
 * EXPECT gordian: deadlock.potential van_lock depot_lock
 * EXPECT tsan: lock-order-inversion
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
    return pthread_mutex_lock(&depot_lock); /* REPORTED */
}

static void *deliver(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&van_lock); /* REPORTED */
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
    pthread_mutex_lock(&depot_lock); /* REPORTED */
    pthread_mutex_lock(&van_lock);   /* REPORTED */
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
