/* civetweb: stopping the server waits for its workers, with a lock that they need.
 *
 * The stop takes the server's lock, says stop and waits until every worker has gone. A worker that is on a
 * request takes that lock once more before it goes. The semaphore that workers post when they go has no
 * owner, so that the stop waits for this worker is not to be seen; that no thread can go on is.
 * ThreadSanitizer does not watch threads that wait.
 *
 * EXPECT gordian: hang.all_blocked server_lock gone
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 * Source: civetweb issue 753 (the shape: waiting for workers at the stop)
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { SERVING, STOPPING };

static pthread_mutex_t server_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t gone;
static bool stopping;
static int answers;

static void *serve(void *unused) {
    bool last = false;
    while (!last) {
        schedule_reach(SERVING);
        schedule_linger(STOPPING);        /* a long request */
        pthread_mutex_lock(&server_lock); /* REPORTED */
        answers++;
        last = stopping;
        pthread_mutex_unlock(&server_lock);
    }
    sem_post(&gone);
    return unused;
}

static void stop_server(void) {
    pthread_mutex_lock(&server_lock); /* REPORTED */
    stopping = true;
    schedule_reach(STOPPING);
    sem_wait(&gone); /* REPORTED */
    pthread_mutex_unlock(&server_lock);
}

int main(void) {
    pthread_t worker;
    sem_init(&gone, 0, 0);
    pthread_create(&worker, NULL, serve, NULL);
    schedule_wait(SERVING);
    stop_server();
    pthread_join(worker, NULL);
    sem_destroy(&gone);
    return answers > 0 ? 0 : 1;
}
