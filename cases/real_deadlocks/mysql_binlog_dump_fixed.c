/* MySQL: purging the binary log, a returning replica and a KILL, fixed: the replica gives the list back
 * before it locks the session that it found there.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 * Source: MySQL bug 56299
 */
#include <pthread.h>
#include <stdbool.h>

#include "cases/schedule.h"

enum { ALL_EXIST, PURGED, RETURNED };

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t session_lock = PTHREAD_MUTEX_INITIALIZER;
static int logs = 3, sessions = 1; /* under the first two */
static bool killed, woken;         /* under the last, under the first */

static void *purge_logs(void *unused) {
    schedule_wait(ALL_EXIST);
    pthread_mutex_lock(&log_lock);
    pthread_mutex_lock(&list_lock);
    logs -= sessions;
    pthread_mutex_unlock(&list_lock);
    pthread_mutex_unlock(&log_lock);
    schedule_reach(PURGED);
    return unused;
}

static void *end_old_dump(void *unused) {
    schedule_wait(PURGED);
    pthread_mutex_lock(&list_lock);
    bool found = sessions > 0;
    pthread_mutex_unlock(&list_lock);
    pthread_mutex_lock(&session_lock);
    killed = found;
    pthread_mutex_unlock(&session_lock);
    schedule_reach(RETURNED);
    return unused;
}

static void *kill_session(void *unused) {
    schedule_wait(RETURNED);
    pthread_mutex_lock(&session_lock);
    pthread_mutex_lock(&log_lock);
    woken = killed;
    pthread_mutex_unlock(&log_lock);
    pthread_mutex_unlock(&session_lock);
    return unused;
}

int main(void) {
    pthread_t purger, replica, killer;
    pthread_create(&purger, NULL, purge_logs, NULL);
    pthread_create(&replica, NULL, end_old_dump, NULL);
    pthread_create(&killer, NULL, kill_session, NULL);
    schedule_reach(ALL_EXIST);
    pthread_join(purger, NULL);
    pthread_join(replica, NULL);
    pthread_join(killer, NULL);
    return logs == 2 && woken ? 0 : 1;
}
