/* Cancelled twice, fixed: the lock is held from asking to giving back. Whoever comes second finds a ticket
 * that is no longer valid.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 367
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { CUSTOMER_ASKED, OFFICE_ASKED };

static pthread_mutex_t seats_lock = PTHREAD_MUTEX_INITIALIZER;
static int seats_free;
static bool ticket_valid = true;

static void cancel(int asked, int other_asked) {
    pthread_mutex_lock(&seats_lock);
    bool valid = ticket_valid;
    schedule_reach(asked);
    schedule_linger(other_asked);
    if (valid) {
        ticket_valid = false;
        seats_free++;
    }
    pthread_mutex_unlock(&seats_lock);
}

static void *customer(void *unused) {
    cancel(CUSTOMER_ASKED, OFFICE_ASKED);
    return unused;
}

static void *office(void *unused) {
    cancel(OFFICE_ASKED, CUSTOMER_ASKED);
    return unused;
}

int main(void) {
    pthread_t at_home, at_desk;
    pthread_create(&at_home, NULL, customer, NULL);
    pthread_create(&at_desk, NULL, office, NULL);
    pthread_join(at_home, NULL);
    pthread_join(at_desk, NULL);
    printf("one ticket cancelled, seats free: %d\n", seats_free);
    return seats_free == 1 ? 0 : 1;
}
