/* A mutex inside a spinlock, fixed: the driver notes what it found, gives its spinlock back, and sounds the
 * alarm after that.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    pthread_spin_lock(&driver_lock);
    int found = temperature;
    pthread_spin_unlock(&driver_lock);
    pthread_mutex_lock(&alarm_lock);
    alarms += found > 80;
    pthread_mutex_unlock(&alarm_lock);
    schedule_reach(POLLED);
    return unused;
}

static void *reset(void *unused) {
    schedule_wait(POLLED);
    pthread_mutex_lock(&alarm_lock);
    pthread_spin_lock(&driver_lock);
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
