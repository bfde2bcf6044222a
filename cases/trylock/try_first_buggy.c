/* A try in the wrong place: the outer lock is tried, the inner one is waited for.
 *
 * A try that succeeds holds the lock like any other. With it held, the thread waits for the second lock,
 * and another thread holds that and waits for the first: the try has prevented nothing.
 *
 * EXPECT gordian: deadlock.potential disk_lock index_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, SORTED };

static pthread_mutex_t disk_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t index_lock = PTHREAD_MUTEX_INITIALIZER;
static int sorted, flushed;

static void *sort_index(void *unused) {
    schedule_wait(BOTH_EXIST);
    if (pthread_mutex_trylock(&index_lock) != 0) /* REPORTED */
        return unused;
    pthread_mutex_lock(&disk_lock); /* REPORTED */
    sorted++;
    pthread_mutex_unlock(&disk_lock);
    pthread_mutex_unlock(&index_lock);
    schedule_reach(SORTED);
    return unused;
}

static void *flush(void *unused) {
    schedule_wait(SORTED);
    pthread_mutex_lock(&disk_lock);  /* REPORTED */
    pthread_mutex_lock(&index_lock); /* REPORTED */
    flushed = sorted;
    pthread_mutex_unlock(&index_lock);
    pthread_mutex_unlock(&disk_lock);
    return unused;
}

int main(void) {
    pthread_t sorter, flusher;
    pthread_create(&sorter, NULL, sort_index, NULL);
    pthread_create(&flusher, NULL, flush, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(sorter, NULL);
    pthread_join(flusher, NULL);
    return flushed == 1 ? 0 : 1;
}
