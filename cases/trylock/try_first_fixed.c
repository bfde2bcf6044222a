/* A try in the wrong place, fixed: the inner lock is tried, and the work is put off when it is taken. The
 * thread never waits with a lock held, so there is no ring.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    pthread_mutex_lock(&index_lock);
    if (pthread_mutex_trylock(&disk_lock) == 0) {
        sorted++;
        pthread_mutex_unlock(&disk_lock);
    }
    pthread_mutex_unlock(&index_lock);
    schedule_reach(SORTED);
    return unused;
}

static void *flush(void *unused) {
    schedule_wait(SORTED);
    pthread_mutex_lock(&disk_lock);
    pthread_mutex_lock(&index_lock);
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
