/* A timer that is cancelled with its callback's lock held, fixed: the lock is given back before the join.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { CLOSING, FIRED };

static pthread_mutex_t session_lock = PTHREAD_MUTEX_INITIALIZER;
static bool expired, closed;
static atomic_bool cancelled;

static void on_timeout(void) {
    pthread_mutex_lock(&session_lock);
    if (!closed)
        expired = true;
    pthread_mutex_unlock(&session_lock);
}

/* Plays the timer: waits, and calls back unless it was cancelled. */
static void *run_timer(void *unused) {
    schedule_wait(CLOSING);
    if (!cancelled) {
        schedule_reach(FIRED);
        on_timeout();
    }
    return unused;
}

static void close_session(pthread_t timer) {
    pthread_mutex_lock(&session_lock);
    schedule_reach(CLOSING);
    schedule_wait(FIRED);
    closed = true;
    cancelled = true;
    pthread_mutex_unlock(&session_lock);
    pthread_join(timer, NULL);
}

int main(void) {
    pthread_t timer;
    pthread_create(&timer, NULL, run_timer, NULL);
    close_session(timer);
    return expired ? 1 : 0;
}
