/* A ring of two reader/writer locks: each thread reads one table and writes the other.
 *
 * Reading one table to write into the other: users before groups in one thread, groups before users in the
 * other. Each writer waits for the other's reader.
 *
 * EXPECT gordian: deadlock.potential user_lock group_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, LISTED };

static pthread_rwlock_t user_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t group_lock = PTHREAD_RWLOCK_INITIALIZER;

static void *list_by_user(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_rwlock_rdlock(&user_lock);  /* REPORTED */
    pthread_rwlock_wrlock(&group_lock); /* REPORTED */
    pthread_rwlock_unlock(&group_lock);
    pthread_rwlock_unlock(&user_lock);
    schedule_reach(LISTED);
    return unused;
}

static void *list_by_group(void *unused) {
    schedule_wait(LISTED);
    pthread_rwlock_rdlock(&group_lock); /* REPORTED */
    pthread_rwlock_wrlock(&user_lock);  /* REPORTED */
    pthread_rwlock_unlock(&user_lock);
    pthread_rwlock_unlock(&group_lock);
    return unused;
}

int main(void) {
    pthread_t by_user, by_group;
    pthread_create(&by_user, NULL, list_by_user, NULL);
    pthread_create(&by_group, NULL, list_by_group, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(by_user, NULL);
    pthread_join(by_group, NULL);
    return 0;
}
