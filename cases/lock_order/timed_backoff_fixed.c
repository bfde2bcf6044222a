/* Opposite orders over two tills, fixed: the back clerk waits for the front till for 20 ms. Then he gives his
 * own till back, and begins anew.
 *
 * A clock that nobody can set is the right one: with the wall clock, the wait could last an hour longer.
 * ThreadSanitizer takes a wait on a chosen clock for one without a limit, and cries wolf.
 *
 * EXPECT gordian: none
 * EXPECT tsan: lock-order-inversion wrongly
 * CWE: 833
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_mutex_clocklock */
#endif
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "cases/schedule.h"

enum { FRONT_LOCKED, BACK_LOCKED };

static pthread_mutex_t front_till_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t back_till_lock = PTHREAD_MUTEX_INITIALIZER;
static int front_till = 50, back_till = 50;

static void *front_clerk(void *unused) {
    pthread_mutex_lock(&front_till_lock);
    schedule_reach(FRONT_LOCKED);
    schedule_linger(BACK_LOCKED);
    pthread_mutex_lock(&back_till_lock);
    front_till -= 20;
    back_till += 20;
    pthread_mutex_unlock(&back_till_lock);
    pthread_mutex_unlock(&front_till_lock);
    return unused;
}

static bool lock_front_till(void) {
    struct timespec limit;
    clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_nsec += 20000000;
    if (limit.tv_nsec >= 1000000000) {
        limit.tv_sec++;
        limit.tv_nsec -= 1000000000;
    }
    return pthread_mutex_clocklock(&front_till_lock, CLOCK_MONOTONIC, &limit) == 0;
}

static void *back_clerk(void *unused) {
    for (bool done = false; !done;) {
        pthread_mutex_lock(&back_till_lock);
        schedule_reach(BACK_LOCKED);
        schedule_linger(FRONT_LOCKED);
        done = lock_front_till();
        if (done) {
            back_till -= 30;
            front_till += 30;
            pthread_mutex_unlock(&front_till_lock);
        }
        pthread_mutex_unlock(&back_till_lock);
    }
    return unused;
}

int main(void) {
    pthread_t front, back;
    pthread_create(&front, NULL, front_clerk, NULL);
    pthread_create(&back, NULL, back_clerk, NULL);
    pthread_join(front, NULL);
    pthread_join(back, NULL);
    return front_till == 60 && back_till == 40 ? 0 : 1;
}
