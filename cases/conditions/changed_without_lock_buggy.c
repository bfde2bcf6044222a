/* A lost wake-up: the flag is set, and the condition signalled, without the lock.
 *
 * The sleeper has looked at the flag, and is about to wait. Just then the alarm sets the flag and signals:
 * nobody waits yet, the signal is gone, and the sleeper goes to sleep on what it saw. The flag is atomic, so
 * there is no data race; that it cannot change between the look and the wait is what the lock would be for.
 * ThreadSanitizer does not watch threads that wait, so it hangs in silence.
 *
 * EXPECT gordian: hang.all_blocked woken
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { LOOKED, RANG };

static pthread_mutex_t bed_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static atomic_bool morning;

static void *sleeper(void *unused) {
    pthread_mutex_lock(&bed_lock);
    while (!morning) {
        schedule_reach(LOOKED);
        schedule_linger(RANG);
        pthread_cond_wait(&woken, &bed_lock); /* REPORTED */
    }
    pthread_mutex_unlock(&bed_lock);
    return unused;
}

static void *alarm_clock(void *unused) {
    schedule_wait(LOOKED);
    morning = true;
    pthread_cond_signal(&woken);
    schedule_reach(RANG);
    return unused;
}

int main(void) {
    pthread_t person, clock;
    pthread_create(&person, NULL, sleeper, NULL);
    pthread_create(&clock, NULL, alarm_clock, NULL);
    pthread_join(clock, NULL);
    pthread_join(person, NULL); /* REPORTED */
    return 0;
}
