/* An event cleared by the wrong side: the door bell is rung and silenced by the visitor.
 *
 * The visitor sets the event and clears it at once, meaning "wake whoever waits now". The host is a moment
 * late, finds it cleared, and waits for a visitor who has gone. Set and clear are both under the lock, so no
 * access races; a set that may be cleared before it was seen is lost. ThreadSanitizer does not watch threads
 * that wait, so it hangs in silence.
 *
 * EXPECT gordian: hang.all_blocked rang
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { VISITED };

static pthread_mutex_t bell_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t rang = PTHREAD_COND_INITIALIZER;
static bool ringing;

static void set_ringing(bool on) {
    pthread_mutex_lock(&bell_lock);
    ringing = on;
    pthread_cond_broadcast(&rang);
    pthread_mutex_unlock(&bell_lock);
}

static void await_ringing(void) {
    pthread_mutex_lock(&bell_lock);
    while (!ringing)
        pthread_cond_wait(&rang, &bell_lock); /* REPORTED */
    pthread_mutex_unlock(&bell_lock);
}

static void *visit(void *unused) {
    set_ringing(true);
    set_ringing(false);
    schedule_reach(VISITED);
    return unused;
}

static void *open_door(void *unused) {
    schedule_wait(VISITED);
    await_ringing();
    return unused;
}

int main(void) {
    pthread_t visitor, host;
    pthread_create(&visitor, NULL, visit, NULL);
    pthread_create(&host, NULL, open_door, NULL);
    pthread_join(visitor, NULL);
    pthread_join(host, NULL); /* REPORTED */
    return ringing ? 1 : 0;
}
