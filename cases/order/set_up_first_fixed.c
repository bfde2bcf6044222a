/* Setting up in a thread, fixed: the program sets itself up before it has any threads. There is nobody to
 * meet yet, so the order does not matter. ThreadSanitizer does not see that, and cries wolf.
 *
 * EXPECT gordian: none
 * EXPECT tsan: lock-order-inversion wrongly
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { SERVER_EXISTS, SET_UP };

static pthread_mutex_t config_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t route_lock = PTHREAD_MUTEX_INITIALIZER;
static int config = 7, route;

static void *set_up(void *unused) {
    pthread_mutex_lock(&config_lock);
    pthread_mutex_lock(&route_lock);
    route = config;
    pthread_mutex_unlock(&route_lock);
    pthread_mutex_unlock(&config_lock);
    schedule_reach(SET_UP);
    return unused;
}

static void *serve(void *unused) {
    schedule_wait(SET_UP);
    pthread_mutex_lock(&route_lock);
    pthread_mutex_lock(&config_lock);
    config -= route;
    pthread_mutex_unlock(&config_lock);
    pthread_mutex_unlock(&route_lock);
    return unused;
}

int main(void) {
    pthread_t server;
    set_up(NULL);
    pthread_create(&server, NULL, serve, NULL);
    schedule_reach(SERVER_EXISTS);
    pthread_join(server, NULL);
    return config;
}
