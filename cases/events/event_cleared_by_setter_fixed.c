/* An event cleared by the wrong side, fixed: the host clears it after having seen it. Set stays set until
 * then.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { VISITED };

static pthread_mutex_t bell_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t rang = PTHREAD_COND_INITIALIZER;
static bool ringing;

static void set_ringing(bool on) {
    pthread_mutex_lock(&bell_lock);
    ringing = on;
    pthread_cond_broadcast(&rang);
    pthread_mutex_unlock(&bell_lock);
}

static void await_ringing(void) {
    pthread_mutex_lock(&bell_lock);
    while (!ringing)
        pthread_cond_wait(&rang, &bell_lock);
    pthread_mutex_unlock(&bell_lock);
}

static void *visit(void *unused) {
    set_ringing(true);
    schedule_reach(VISITED);
    return unused;
}

static void *open_door(void *unused) {
    schedule_wait(VISITED);
    await_ringing();
    set_ringing(false);
    return unused;
}

int main(void) {
    pthread_t visitor, host;
    pthread_create(&visitor, NULL, visit, NULL);
    pthread_create(&host, NULL, open_door, NULL);
    pthread_join(visitor, NULL);
    pthread_join(host, NULL);
    return ringing ? 1 : 0;
}
