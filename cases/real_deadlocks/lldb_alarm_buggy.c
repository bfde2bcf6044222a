/* lldb: an alarm calls back with its lock held, into a class that sets alarms with its own lock held.
 *
 * The list of progress reports sets an alarm under its lock; the alarm's class takes its own lock for that.
 * When the time has come, the alarm's thread has the alarm's lock and calls back into the list, which locks
 * itself. Both locks are private to their classes, so neither can see the order. Here the alarm goes off when
 * it has been set.
 *
 * EXPECT gordian: deadlock.potential progress_lock alarm_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 * Source: LLVM pull request 86888
 */
#include <pthread.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, SET };

/* ---- alarms ---- */

static pthread_mutex_t alarm_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*callback)(void);

static void set_alarm(void (*call)(void)) {
    pthread_mutex_lock(&alarm_lock); /* REPORTED */
    callback = call;
    pthread_mutex_unlock(&alarm_lock);
}

static void *run_alarms(void *unused) {
    schedule_wait(SET);
    pthread_mutex_lock(&alarm_lock); /* REPORTED */
    void (*due)(void) = callback;
    due();
    pthread_mutex_unlock(&alarm_lock);
    return unused;
}

/* ---- progress reports ---- */

static pthread_mutex_t progress_lock = PTHREAD_MUTEX_INITIALIZER;
static int reports = 1;

static void expire(void) {
    pthread_mutex_lock(&progress_lock); /* REPORTED */
    reports--;
    pthread_mutex_unlock(&progress_lock);
}

static void *end_progress(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&progress_lock); /* REPORTED */
    set_alarm(expire);
    pthread_mutex_unlock(&progress_lock);
    schedule_reach(SET);
    return unused;
}

int main(void) {
    pthread_t debugger, alarms;
    pthread_create(&debugger, NULL, end_progress, NULL);
    pthread_create(&alarms, NULL, run_alarms, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(debugger, NULL);
    pthread_join(alarms, NULL);
    return reports;
}
