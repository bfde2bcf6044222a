/* Opposite orders over two tills: each clerk holds his own till and waits for the other's.
 *
 * Each clerk brings change to the other's till, so each takes his own first. Both stand there for ever: a
 * plain lock has no limit. The deadlock happens in every run. ThreadSanitizer reports an inversion only after
 * both orders have been taken in full, so it hangs in silence.
 *
 * EXPECT gordian: deadlock.actual shape=cycle front_till_lock back_till_lock
 * EXPECT tsan: none
 * EXPECT exit: never
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
    pthread_mutex_lock(&front_till_lock); /* REPORTED */
    schedule_reach(FRONT_LOCKED);
    schedule_linger(BACK_LOCKED);
    pthread_mutex_lock(&back_till_lock); /* REPORTED */
    front_till -= 20;
    back_till += 20;
    pthread_mutex_unlock(&back_till_lock);
    pthread_mutex_unlock(&front_till_lock);
    return unused;
}

static bool lock_front_till(void) {
    return pthread_mutex_lock(&front_till_lock) == 0; /* REPORTED */
}

static void *back_clerk(void *unused) {
    for (bool done = false; !done;) {
        pthread_mutex_lock(&back_till_lock); /* REPORTED */
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
