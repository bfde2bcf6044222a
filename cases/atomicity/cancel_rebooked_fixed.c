/* Cancelled and sold again, fixed: the seat and the name on it change in one critical section. A seat that is
 * seen to be free has no name left to cross out.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 662
 */
#include <pthread.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { SEAT_BACK, BOOKED };
enum holder { NOBODY, CAROL, DAVE };

static pthread_mutex_t seat_lock = PTHREAD_MUTEX_INITIALIZER;
static bool seat_free;
static enum holder seat_holder = CAROL;

static void *carol_cancels(void *unused) {
    pthread_mutex_lock(&seat_lock);
    seat_free = true;
    schedule_reach(SEAT_BACK);
    schedule_linger(BOOKED);
    seat_holder = NOBODY;
    pthread_mutex_unlock(&seat_lock);
    return unused;
}

static void *dave_books(void *unused) {
    schedule_wait(SEAT_BACK);
    pthread_mutex_lock(&seat_lock);
    if (seat_free) {
        seat_free = false;
        seat_holder = DAVE;
    }
    pthread_mutex_unlock(&seat_lock);
    schedule_reach(BOOKED);
    return unused;
}

int main(void) {
    pthread_t carol, dave;
    pthread_create(&carol, NULL, carol_cancels, NULL);
    pthread_create(&dave, NULL, dave_books, NULL);
    pthread_join(carol, NULL);
    pthread_join(dave, NULL);
    printf("the seat is %s, its holder is %d\n", seat_free ? "free" : "sold", seat_holder);
    return !seat_free && seat_holder == DAVE ? 0 : 1;
}
