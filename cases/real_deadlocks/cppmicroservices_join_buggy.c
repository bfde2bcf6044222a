/* CppMicroServices: the framework joins its threads with the lock of their list held.
 *
 * The shutdown locks the list of bundle threads and joins each. A bundle thread that has finished its work
 * wants that lock, to say that it is free for more. It waits for the shutdown, the shutdown for its end.
 * ThreadSanitizer knows orders of locks only: a join is none.
 *
 * EXPECT gordian: deadlock.actual shape=join list_lock
 * EXPECT tsan: none
 * EXPECT exit: never
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
    pthread_mutex_lock(&list_lock); /* REPORTED */
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
    pthread_mutex_lock(&list_lock); /* REPORTED */
    pthread_t last = bundle_thread;
    schedule_reach(STOPPING);
    pthread_join(last, NULL); /* REPORTED */
    pthread_mutex_unlock(&list_lock);
}

int main(void) {
    start_bundle();
    schedule_wait(STARTED);
    stop_framework();
    return free_threads == 1 ? 0 : 1;
}
