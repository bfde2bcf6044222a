/* MySQL: the deadlock detector deadlocks.
 *
 * Who waits for whom is kept under reader/writer locks: one for each session and one for each table's queue.
 * The detector walks from a session to the table that it waits for, and holds the session for reading while
 * it reads the queue. A release holds the queue for writing and then writes to the session that it lets go.
 * That one of the two only reads does not help: the other one writes. Here the detector is done first.
 *
 * EXPECT gordian: deadlock.potential session_lock queue_lock
 * EXPECT tsan: lock-order-inversion
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
    pthread_rwlock_rdlock(&session_lock); /* REPORTED */
    pthread_rwlock_rdlock(&queue_lock);   /* REPORTED */
    if (session_waits)
        edges += queue_length;
    pthread_rwlock_unlock(&queue_lock);
    pthread_rwlock_unlock(&session_lock);
    schedule_reach(WALKED);
    return unused;
}

static void *release_table(void *unused) {
    schedule_wait(WALKED);
    pthread_rwlock_wrlock(&queue_lock);   /* REPORTED */
    pthread_rwlock_wrlock(&session_lock); /* REPORTED */
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
