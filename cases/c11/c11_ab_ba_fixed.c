/* C11's mutexes in one order, fixed: billing takes the room first, too.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <stdatomic.h>
#include <threads.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, BOOKED };

static mtx_t room_lock, guest_lock;
static atomic_int nights;

static void *book(void *unused) {
    schedule_wait(BOTH_EXIST);
    mtx_lock(&room_lock);
    mtx_lock(&guest_lock);
    nights = 2;
    mtx_unlock(&guest_lock);
    mtx_unlock(&room_lock);
    schedule_reach(BOOKED);
    return unused;
}

static void *bill(void *unused) {
    schedule_wait(BOOKED);
    mtx_lock(&room_lock);
    mtx_lock(&guest_lock);
    nights = 0;
    mtx_unlock(&room_lock);
    mtx_unlock(&guest_lock);
    return unused;
}

int main(void) {
    /* POSIX threads: C11's are ones that ThreadSanitizer cannot run. */
    pthread_t booker, biller;
    mtx_init(&room_lock, mtx_plain);
    mtx_init(&guest_lock, mtx_plain);
    pthread_create(&booker, NULL, book, NULL);
    pthread_create(&biller, NULL, bill, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(booker, NULL);
    pthread_join(biller, NULL);
    mtx_destroy(&room_lock);
    mtx_destroy(&guest_lock);
    return nights;
}
