/* CppMicroServices: the framework joins its threads, fixed: it takes them out of the list under the lock,
 * gives the lock back, and joins them then.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 * Source: CppMicroServices issue 210
 */
#include <pthread.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { STARTED, STOPPING };

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t bundle_thread; /* under list_lock */
static int free_threads;        /* under list_lock */

static void *run_bundle(void *unused) {
    schedule_reach(STARTED);
    schedule_linger(STOPPING);
    pthread_mutex_lock(&list_lock);
    free_threads++;
    pthread_mutex_unlock(&list_lock);
    return unused;
}

static void start_bundle(void) {
    pthread_mutex_lock(&list_lock);
    pthread_create(&bundle_thread, NULL, run_bundle, NULL);
    pthread_mutex_unlock(&list_lock);
}

static void stop_framework(void) {
    pthread_mutex_lock(&list_lock);
    pthread_t last = bundle_thread;
    pthread_mutex_unlock(&list_lock);
    schedule_reach(STOPPING);
    pthread_join(last, NULL);
}

int main(void) {
    start_bundle();
    schedule_wait(STARTED);
    stop_framework();
    return free_threads == 1 ? 0 : 1;
}
