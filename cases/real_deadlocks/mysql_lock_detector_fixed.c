/* MySQL: the deadlock detector deadlocks, fixed: the release takes the session's lock before the table's, in
 * the order in which the detector walks.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 * Source: MySQL bug 56405 (the shape: reader/writer locks inside the detector)
 */
#include <pthread.h>
#include <stdbool.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, WALKED };

static pthread_rwlock_t session_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t queue_lock = PTHREAD_RWLOCK_INITIALIZER;
static bool session_waits = true; /* under session_lock */
static int queue_length = 1;      /* under queue_lock */
static int edges;

static void *find_deadlock(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_rwlock_rdlock(&session_lock);
    pthread_rwlock_rdlock(&queue_lock);
    if (session_waits)
        edges += queue_length;
    pthread_rwlock_unlock(&queue_lock);
    pthread_rwlock_unlock(&session_lock);
    schedule_reach(WALKED);
    return unused;
}

static void *release_table(void *unused) {
    schedule_wait(WALKED);
    pthread_rwlock_wrlock(&session_lock);
    pthread_rwlock_wrlock(&queue_lock);
    queue_length--;
    session_waits = false;
    pthread_rwlock_unlock(&session_lock);
    pthread_rwlock_unlock(&queue_lock);
    return unused;
}

int main(void) {
    pthread_t detector, releaser;
    pthread_create(&detector, NULL, find_deadlock, NULL);
    pthread_create(&releaser, NULL, release_table, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(detector, NULL);
    pthread_join(releaser, NULL);
    return edges == 1 && queue_length == 0 ? 0 : 1;
}
