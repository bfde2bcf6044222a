/* A timer that is cancelled with its callback's lock held: main closes the session, and waits for the timer
 * to end.
 *
 * The timer has fired and wants the session's lock to mark it as expired. The main thread holds that lock,
 * and joins the timer. Each waits for the other. A lock and a join make this ring, so no two locks are taken
 * in opposite orders; ThreadSanitizer hangs in silence.
 *
 * EXPECT gordian: deadlock.actual shape=join session_lock
 * EXPECT tsan: none
 * EXPECT exit: never
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
    pthread_mutex_lock(&session_lock); /* REPORTED */
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
    pthread_mutex_lock(&session_lock); /* REPORTED */
    schedule_reach(CLOSING);
    schedule_wait(FIRED);
    closed = true;
    cancelled = true;
    pthread_join(timer, NULL); /* REPORTED */
    pthread_mutex_unlock(&session_lock);
}

int main(void) {
    pthread_t timer;
    pthread_create(&timer, NULL, run_timer, NULL);
    close_session(timer);
    return expired ? 1 : 0;
}
