/* A count of users without atomics: two users of a picture let go of it, and nobody frees it.
 *
 * The last one to let go frees the picture. Letting go is three steps: read, subtract, write. Both threads
 * read 2 and both write 1, so neither is the last. The other way round, a count that loses a new user frees
 * the picture too early. ThreadSanitizer reports one pair of accesses for each address: the first.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race users
 * EXPECT exit: 1
 * CWE: 911
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { SCREEN_READ, PRINTER_READ };

static int users = 2;
static atomic_int pictures = 1;

static void let_go(int read, int other_read) {
    int seen = users; /* REPORTED */
    schedule_reach(read);
    schedule_linger(other_read);
    users = seen - 1; /* REPORTED */
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
