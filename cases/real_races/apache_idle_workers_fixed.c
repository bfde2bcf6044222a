/* A counter of idle workers, fixed: the listener looks at the count again after each wake-up. The late signal
 * finds 0, so the listener goes on waiting until a worker is idle indeed.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 191
 * Source: Apache httpd bug 45605
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { COUNTED, LISTENER_WAITS, TAKEN_TWICE };

static pthread_mutex_t idle_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t worker_idle = PTHREAD_COND_INITIALIZER;
static atomic_uint idle_workers;
static unsigned taken_from_none;

static void become_idle(void) {
    if (atomic_fetch_add(&idle_workers, 1) > 0)
        return;
    schedule_reach(COUNTED);
    schedule_wait(LISTENER_WAITS);
    pthread_mutex_lock(&idle_lock);
    pthread_cond_signal(&worker_idle);
    pthread_mutex_unlock(&idle_lock);
}

static void take_idle_worker(void) {
    pthread_mutex_lock(&idle_lock);
    while (atomic_load(&idle_workers) == 0) {
        schedule_reach(LISTENER_WAITS);
        pthread_cond_wait(&worker_idle, &idle_lock);
    }
    pthread_mutex_unlock(&idle_lock);
    if (atomic_fetch_sub(&idle_workers, 1) == 0)
        taken_from_none++;
}

static void *worker(void *unused) {
    become_idle();
    schedule_linger(TAKEN_TWICE);
    become_idle();
    return unused;
}

static void *listener(void *unused) {
    schedule_wait(COUNTED);
    take_idle_worker();
    take_idle_worker();
    schedule_reach(TAKEN_TWICE);
    return unused;
}

int main(void) {
    pthread_t working, listening;
    pthread_create(&working, NULL, worker, NULL);
    pthread_create(&listening, NULL, listener, NULL);
    pthread_join(working, NULL);
    pthread_join(listening, NULL);
    printf("workers taken although none was idle: %u\n", taken_from_none);
    return taken_from_none == 0 ? 0 : 1;
}
