/* NSPR: interrupting a thread against beginning to wait, fixed: the interrupt reads what the thread waits
 * for, gives the thread's lock back, and wakes it then.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 * Source: NSPR bug 165586 (the shape: wait against interrupt)
 */
#include <pthread.h>
#include <stdbool.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, NOTED };

static pthread_mutex_t monitor_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t record_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool waits;       /* under record_lock */
static bool interrupted; /* under monitor_lock */

static void note(bool waiting) {
    pthread_mutex_lock(&record_lock);
    waits = waiting;
    pthread_mutex_unlock(&record_lock);
}

static void *wait_for_change(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&monitor_lock);
    note(true);
    schedule_reach(NOTED);
    while (!interrupted)
        pthread_cond_wait(&changed, &monitor_lock);
    note(false);
    pthread_mutex_unlock(&monitor_lock);
    return unused;
}

static void wake(void) {
    pthread_mutex_lock(&monitor_lock);
    interrupted = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&monitor_lock);
}

static void *interrupt(void *unused) {
    schedule_wait(NOTED);
    pthread_mutex_lock(&record_lock);
    bool is_waiting = waits;
    pthread_mutex_unlock(&record_lock);
    if (is_waiting)
        wake();
    return unused;
}

int main(void) {
    pthread_t waiter, interrupter;
    pthread_create(&waiter, NULL, wait_for_change, NULL);
    pthread_create(&interrupter, NULL, interrupt, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(waiter, NULL);
    pthread_join(interrupter, NULL);
    return waits ? 1 : 0;
}
