/* A count of users without atomics, fixed: reading and subtracting are one atomic step, so just one thread
 * finds itself the last. The step releases what this user did to the picture, and acquires what the others
 * did: the last one may free it.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 911
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { SCREEN_READ, PRINTER_READ };

static atomic_int users = 2;
static atomic_int pictures = 1;

static void let_go(int read, int other_read) {
    int seen = atomic_fetch_sub_explicit(&users, 1, memory_order_acq_rel);
    schedule_reach(read);
    schedule_linger(other_read);
    if (seen == 1)
        pictures--; /* the last one frees it */
}

static void *screen(void *unused) {
    let_go(SCREEN_READ, PRINTER_READ);
    return unused;
}

static void *printer(void *unused) {
    let_go(PRINTER_READ, SCREEN_READ);
    return unused;
}

int main(void) {
    pthread_t on_screen, on_paper;
    pthread_create(&on_screen, NULL, screen, NULL);
    pthread_create(&on_paper, NULL, printer, NULL);
    pthread_join(on_screen, NULL);
    pthread_join(on_paper, NULL);
    printf("pictures that nobody freed: %d\n", pictures);
    return pictures == 0 ? 0 : 1;
}
