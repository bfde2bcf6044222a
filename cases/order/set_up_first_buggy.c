/* Setting up in a thread: what a program does once at its start has its own order of the locks.
 *
 * The order of the set-up is the reverse of what the server does later. A quicker start was wanted, so the
 * set-up got a thread of its own, and now it can meet the server.
 *
 * EXPECT gordian: deadlock.potential config_lock route_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { SERVER_EXISTS, SET_UP };

static pthread_mutex_t config_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t route_lock = PTHREAD_MUTEX_INITIALIZER;
static int config = 7, route;

static void *set_up(void *unused) {
    schedule_wait(SERVER_EXISTS);
    pthread_mutex_lock(&config_lock); /* REPORTED */
    pthread_mutex_lock(&route_lock);  /* REPORTED */
    route = config;
    pthread_mutex_unlock(&route_lock);
    pthread_mutex_unlock(&config_lock);
    schedule_reach(SET_UP);
    return unused;
}

static void *serve(void *unused) {
    schedule_wait(SET_UP);
    pthread_mutex_lock(&route_lock);  /* REPORTED */
    pthread_mutex_lock(&config_lock); /* REPORTED */
    config -= route;
    pthread_mutex_unlock(&config_lock);
    pthread_mutex_unlock(&route_lock);
    return unused;
}

int main(void) {
    pthread_t starter, server;
    pthread_create(&starter, NULL, set_up, NULL);
    pthread_create(&server, NULL, serve, NULL);
    schedule_reach(SERVER_EXISTS);
    pthread_join(starter, NULL);
    pthread_join(server, NULL);
    return config;
}
