/* MariaDB with Galera: the cluster ends a transaction, and at the same time a user kills its session.
 *
 * A change that comes from the cluster goes before local ones. The thread that applies it looks into the
 * engine, finds a transaction in its way, and takes the lock of the victim's session to wake it. KILL takes
 * the session's lock first and goes down into the engine, to end the transaction's wait there. Here the KILL
 * comes when the other is done. The engine's two locks are one here.
 *
 * EXPECT gordian: deadlock.potential engine_lock session_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 * Source: MariaDB MDEV-21910
 */
#include <pthread.h>
#include <stdbool.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, APPLIED };

static pthread_mutex_t session_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t engine_lock = PTHREAD_MUTEX_INITIALIZER;
static bool holds_row = true; /* under engine_lock */
static int wakes;             /* under session_lock */

static void wake_session(void) {
    pthread_mutex_lock(&session_lock); /* REPORTED */
    wakes++;
    pthread_mutex_unlock(&session_lock);
}

static void *apply_change(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&engine_lock); /* REPORTED */
    bool in_the_way = holds_row;
    if (in_the_way)
        wake_session();
    pthread_mutex_unlock(&engine_lock);
    schedule_reach(APPLIED);
    return unused;
}

static void *kill_session(void *unused) {
    schedule_wait(APPLIED);
    pthread_mutex_lock(&session_lock); /* REPORTED */
    wakes++;
    pthread_mutex_lock(&engine_lock); /* REPORTED */
    holds_row = false;
    pthread_mutex_unlock(&engine_lock);
    pthread_mutex_unlock(&session_lock);
    return unused;
}

int main(void) {
    pthread_t applier, killer;
    pthread_create(&applier, NULL, apply_change, NULL);
    pthread_create(&killer, NULL, kill_session, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(applier, NULL);
    pthread_join(killer, NULL);
    return wakes == 2 && !holds_row ? 0 : 1;
}
