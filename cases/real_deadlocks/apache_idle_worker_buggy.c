/* Apache httpd: the listener waits for an idle worker with the lock that the workers need to become idle.
 *
 * The listener has the lock of the timeout queues when a connection is due, and waits for a worker that can
 * have it. The last worker is about to put its own connection into such a queue, and needs that lock. The
 * wait gives back the mutex of the condition and keeps the other. ThreadSanitizer does not watch threads that
 * wait.
 *
 * EXPECT gordian: hang.all_blocked timeout_lock worker_idle
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 * Source: Apache bug 42031
 */
#include <pthread.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { WORKING, HELD };

static pthread_mutex_t timeout_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t idle_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t worker_idle = PTHREAD_COND_INITIALIZER;
static int connections_kept, idle_workers;

static void wait_for_idle_worker(void) {
    pthread_mutex_lock(&idle_lock);
    while (idle_workers == 0)
        pthread_cond_wait(&worker_idle, &idle_lock); /* REPORTED */
    idle_workers--;
    pthread_mutex_unlock(&idle_lock);
}

static void *listen_for_events(void *unused) {
    schedule_wait(WORKING);
    pthread_mutex_lock(&timeout_lock); /* REPORTED */
    connections_kept--;
    schedule_reach(HELD);
    wait_for_idle_worker();
    pthread_mutex_unlock(&timeout_lock);
    return unused;
}

static void *work(void *unused) {
    schedule_reach(WORKING);
    schedule_wait(HELD);
    pthread_mutex_lock(&timeout_lock); /* REPORTED */
    connections_kept++;
    pthread_mutex_unlock(&timeout_lock);
    pthread_mutex_lock(&idle_lock);
    idle_workers++;
    pthread_cond_signal(&worker_idle);
    pthread_mutex_unlock(&idle_lock);
    return unused;
}

int main(void) {
    pthread_t listener, worker;
    pthread_create(&listener, NULL, listen_for_events, NULL);
    pthread_create(&worker, NULL, work, NULL);
    pthread_join(listener, NULL); /* REPORTED */
    pthread_join(worker, NULL);
    return connections_kept;
}
