/* Reading twice, fixed: a lock of the default kind lets a reader in while a writer waits, if there is a
 * reader already. Reading twice is allowed then.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, PRINTED };

static pthread_rwlock_t cache_lock;
static int cached = 1;

static int look_up(void) {
    pthread_rwlock_rdlock(&cache_lock);
    int found = cached;
    pthread_rwlock_unlock(&cache_lock);
    return found;
}

static void *report(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_rwlock_rdlock(&cache_lock);
    if (cached)
        look_up();
    pthread_rwlock_unlock(&cache_lock);
    schedule_reach(PRINTED);
    return unused;
}

static void *refresh(void *unused) {
    schedule_wait(PRINTED);
    pthread_rwlock_wrlock(&cache_lock);
    cached = 2;
    pthread_rwlock_unlock(&cache_lock);
    return unused;
}

int main(void) {
    pthread_t reporter, refresher;
    pthread_rwlockattr_t kind;
    pthread_rwlockattr_init(&kind);
    pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_DEFAULT_NP);
    pthread_rwlock_init(&cache_lock, &kind);
    pthread_rwlockattr_destroy(&kind);
    pthread_create(&reporter, NULL, report, NULL);
    pthread_create(&refresher, NULL, refresh, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(reporter, NULL);
    pthread_join(refresher, NULL);
    pthread_rwlock_destroy(&cache_lock);
    return cached == 2 ? 0 : 1;
}
