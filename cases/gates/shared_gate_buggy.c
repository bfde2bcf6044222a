/* A gate that lets both in: the lock around the two orders is taken for reading.
 *
 * Pushing locks local before remote, pulling locks remote before local. Both hold the schema lock around
 * that, so it looks like a gate. But two readers hold it at the same time, and then nothing keeps the two
 * orders apart. One line takes all locks, and gordian also names the one that was meant to be the gate.
 *
 * EXPECT gordian: deadlock.potential local_lock remote_lock schema_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, PUSHED };
enum mode { READ, WRITE };

static pthread_rwlock_t schema_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t local_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t remote_lock = PTHREAD_RWLOCK_INITIALIZER;
static int local_rows = 3, remote_rows;

static int take(pthread_rwlock_t *lock, enum mode mode) {
    return mode == WRITE ? pthread_rwlock_wrlock(lock) : pthread_rwlock_rdlock(lock); /* REPORTED */
}

static void *push(void *unused) {
    schedule_wait(BOTH_EXIST);
    take(&schema_lock, READ);
    take(&local_lock, WRITE);
    take(&remote_lock, WRITE);
    remote_rows = local_rows;
    pthread_rwlock_unlock(&remote_lock);
    pthread_rwlock_unlock(&local_lock);
    pthread_rwlock_unlock(&schema_lock);
    schedule_reach(PUSHED);
    return unused;
}

static void *pull(void *unused) {
    schedule_wait(PUSHED);
    take(&schema_lock, READ);
    take(&remote_lock, WRITE);
    take(&local_lock, WRITE);
    local_rows = remote_rows;
    pthread_rwlock_unlock(&local_lock);
    pthread_rwlock_unlock(&remote_lock);
    pthread_rwlock_unlock(&schema_lock);
    return unused;
}

int main(void) {
    pthread_t pusher, puller;
    pthread_create(&pusher, NULL, push, NULL);
    pthread_create(&puller, NULL, pull, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(pusher, NULL);
    pthread_join(puller, NULL);
    return local_rows == remote_rows ? 0 : 1;
}
