/* lldb: an alarm calls back with its lock held, fixed: the alarm's lock is given back before the callback.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    pthread_mutex_lock(&alarm_lock);
    callback = call;
    pthread_mutex_unlock(&alarm_lock);
}

static void *run_alarms(void *unused) {
    schedule_wait(SET);
    pthread_mutex_lock(&alarm_lock);
    void (*due)(void) = callback;
    pthread_mutex_unlock(&alarm_lock);
    due();
    return unused;
}

/* ---- progress reports ---- */

static pthread_mutex_t progress_lock = PTHREAD_MUTEX_INITIALIZER;
static int reports = 1;

static void expire(void) {
    pthread_mutex_lock(&progress_lock);
    reports--;
    pthread_mutex_unlock(&progress_lock);
}

static void *end_progress(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&progress_lock);
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
