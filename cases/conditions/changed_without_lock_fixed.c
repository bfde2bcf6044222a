/* A lost wake-up, fixed: the flag is set under the lock. The sleeper holds it from the look to the wait, so
 * the alarm comes either before the look or after the sleeper waits.
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

enum { LOOKED, RANG };

static pthread_mutex_t bed_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static atomic_bool morning;

static void *sleeper(void *unused) {
    pthread_mutex_lock(&bed_lock);
    while (!morning) {
        schedule_reach(LOOKED);
        schedule_linger(RANG);
        pthread_cond_wait(&woken, &bed_lock);
    }
    pthread_mutex_unlock(&bed_lock);
    return unused;
}

static void *alarm_clock(void *unused) {
    schedule_wait(LOOKED);
    pthread_mutex_lock(&bed_lock);
    morning = true;
    pthread_cond_signal(&woken);
    pthread_mutex_unlock(&bed_lock);
    schedule_reach(RANG);
    return unused;
}

int main(void) {
    pthread_t person, clock;
    pthread_create(&person, NULL, sleeper, NULL);
    pthread_create(&clock, NULL, alarm_clock, NULL);
    pthread_join(clock, NULL);
    pthread_join(person, NULL);
    return 0;
}
