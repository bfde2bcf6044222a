/* One wrong thread among 100: all clerks lock the file before the stamp, and the last one the stamp before
 * the file.
 *
 * The 99 others close the same ring with it, and that is one finding.
 *
 * EXPECT gordian: deadlock.potential file_lock stamp_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { ALL_EXIST, LAST, CLERKS = 100 };

static pthread_mutex_t file_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t stamp_lock = PTHREAD_MUTEX_INITIALIZER;
static int stamped;

static void stamp(pthread_mutex_t *first, pthread_mutex_t *second) {
    pthread_mutex_lock(first);  /* REPORTED */
    pthread_mutex_lock(second); /* REPORTED */
    if (++stamped == CLERKS - 1)
        schedule_reach(LAST);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *run_clerk(void *unused) {
    schedule_wait(ALL_EXIST);
    stamp(&file_lock, &stamp_lock);
    return unused;
}

static void *run_last_clerk(void *unused) {
    schedule_wait(LAST);
    stamp(&stamp_lock, &file_lock);
    return unused;
}

int main(void) {
    pthread_t clerks[CLERKS];
    for (int i = 0; i < CLERKS; i++)
        pthread_create(&clerks[i], NULL, i == CLERKS - 1 ? run_last_clerk : run_clerk, NULL);
    schedule_reach(ALL_EXIST);
    for (int i = 0; i < CLERKS; i++)
        pthread_join(clerks[i], NULL);
    return stamped == CLERKS ? 0 : 1;
}
