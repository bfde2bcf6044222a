/* civetweb: stopping the server waits for its workers, fixed: the lock is given back before the wait.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
        schedule_linger(STOPPING); /* a long request */
        pthread_mutex_lock(&server_lock);
        answers++;
        last = stopping;
        pthread_mutex_unlock(&server_lock);
    }
    sem_post(&gone);
    return unused;
}

static void stop_server(void) {
    pthread_mutex_lock(&server_lock);
    stopping = true;
    pthread_mutex_unlock(&server_lock);
    schedule_reach(STOPPING);
    sem_wait(&gone);
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
