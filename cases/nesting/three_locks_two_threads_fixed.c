/* A ring of three locks and two threads, fixed: one thread scans and then sorts. It can hold one of the first
 * two locks at a time, so one lock of the ring is always free, and whoever waits for it gets it.
 * ThreadSanitizer does not count the threads, and cries wolf.
 *
 * EXPECT gordian: none
 * EXPECT tsan: lock-order-inversion wrongly
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { ALL_EXIST, SCANNED, SORTED };

static pthread_mutex_t scan_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t sort_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t ship_lock = PTHREAD_MUTEX_INITIALIZER;

static void hand_over(pthread_mutex_t *from, pthread_mutex_t *to) {
    pthread_mutex_lock(from);
    pthread_mutex_lock(to);
    pthread_mutex_unlock(to);
    pthread_mutex_unlock(from);
}

static void *scan(void *unused) {
    schedule_wait(ALL_EXIST);
    hand_over(&scan_lock, &sort_lock);
    hand_over(&sort_lock, &ship_lock);
    schedule_reach(SCANNED);
    return unused;
}

static void *sort(void *unused) {
    schedule_wait(SCANNED);
    schedule_reach(SORTED);
    return unused;
}

static void *ship(void *unused) {
    schedule_wait(SORTED);
    hand_over(&ship_lock, &scan_lock);
    return unused;
}

int main(void) {
    pthread_t scanner, sorter, shipper;
    pthread_create(&scanner, NULL, scan, NULL);
    pthread_create(&sorter, NULL, sort, NULL);
    pthread_create(&shipper, NULL, ship, NULL);
    schedule_reach(ALL_EXIST);
    pthread_join(scanner, NULL);
    pthread_join(sorter, NULL);
    pthread_join(shipper, NULL);
    return 0;
}
