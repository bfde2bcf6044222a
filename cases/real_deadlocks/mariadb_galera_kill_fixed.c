/* MariaDB with Galera: the cluster ends a transaction, fixed: the victim is only noted under the engine's
 * lock. It is woken when that is given back.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    pthread_mutex_lock(&session_lock);
    wakes++;
    pthread_mutex_unlock(&session_lock);
}

static void *apply_change(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&engine_lock);
    bool in_the_way = holds_row;
    pthread_mutex_unlock(&engine_lock);
    if (in_the_way)
        wake_session();
    schedule_reach(APPLIED);
    return unused;
}

static void *kill_session(void *unused) {
    schedule_wait(APPLIED);
    pthread_mutex_lock(&session_lock);
    wakes++;
    pthread_mutex_lock(&engine_lock);
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
