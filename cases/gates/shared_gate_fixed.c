/* A gate that lets both in, fixed: pulling takes the gate for writing. A writer and a reader keep each other
 * out, so the inner orders still differ, but cannot meet. ThreadSanitizer knows no gates and cries wolf.
 *
 * EXPECT gordian: none
 * EXPECT tsan: lock-order-inversion wrongly
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
    return mode == WRITE ? pthread_rwlock_wrlock(lock) : pthread_rwlock_rdlock(lock);
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
    take(&schema_lock, WRITE);
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
