/* Overbooking: two customers ask whether a seat is free, both hear yes, both book the last one.
 *
 * Every access is under the lock, so there is no data race and nothing for a detector of races or deadlocks
 * to see. The bug is the gap between the two critical sections: what the first one found out is old in the
 * second.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * EXPECT exit: 1
 * CWE: 366
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { CAROL_ASKED, DAVE_ASKED };

static pthread_mutex_t seats_lock = PTHREAD_MUTEX_INITIALIZER;
static int seats_free = 1;

static void book(int asked, int other_asked) {
    pthread_mutex_lock(&seats_lock);
    bool available = seats_free > 0;
    pthread_mutex_unlock(&seats_lock);
    if (!available)
        return;
    schedule_reach(asked);
    schedule_linger(other_asked);
    pthread_mutex_lock(&seats_lock);
    seats_free--;
    pthread_mutex_unlock(&seats_lock);
}

static void *carol(void *unused) {
    book(CAROL_ASKED, DAVE_ASKED);
    return unused;
}

static void *dave(void *unused) {
    book(DAVE_ASKED, CAROL_ASKED);
    return unused;
}

int main(void) {
    pthread_t c, d;
    pthread_create(&c, NULL, carol, NULL);
    pthread_create(&d, NULL, dave, NULL);
    pthread_join(c, NULL);
    pthread_join(d, NULL);
    printf("seats free: %d\n", seats_free);
    return seats_free >= 0 ? 0 : 1;
}
