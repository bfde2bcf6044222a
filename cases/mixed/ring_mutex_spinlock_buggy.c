/* A mutex inside a spinlock: the driver sounds the alarm with its spinlock held, and the alarm has a mutex.
 *
 * Resetting the alarm locks the mutex and then the driver. In a ring with a spinlock nobody even sleeps: one
 * of the two burns its processor for ever.
 *
 * EXPECT gordian: deadlock.potential driver_lock alarm_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, POLLED };

static pthread_spinlock_t driver_lock;
static pthread_mutex_t alarm_lock = PTHREAD_MUTEX_INITIALIZER;
static int temperature = 90, alarms;

static void *poll_driver(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_spin_lock(&driver_lock); /* REPORTED */
    int found = temperature;
    pthread_mutex_lock(&alarm_lock); /* REPORTED */
    alarms += found > 80;
    pthread_mutex_unlock(&alarm_lock);
    pthread_spin_unlock(&driver_lock);
    schedule_reach(POLLED);
    return unused;
}

static void *reset(void *unused) {
    schedule_wait(POLLED);
    pthread_mutex_lock(&alarm_lock); /* REPORTED */
    pthread_spin_lock(&driver_lock); /* REPORTED */
    temperature = 20;
    alarms = 0;
    pthread_spin_unlock(&driver_lock);
    pthread_mutex_unlock(&alarm_lock);
    return unused;
}

int main(void) {
    pthread_t poller, resetter;
    pthread_spin_init(&driver_lock, PTHREAD_PROCESS_PRIVATE);
    pthread_create(&poller, NULL, poll_driver, NULL);
    pthread_create(&resetter, NULL, reset, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(poller, NULL);
    pthread_join(resetter, NULL);
    pthread_spin_destroy(&driver_lock);
    return alarms;
}
