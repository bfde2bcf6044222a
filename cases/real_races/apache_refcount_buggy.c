/* A cached object is freed twice: giving up a reference and asking for the last one are two steps.
 *
 * Two threads hold a reference each. Both count down, then both ask whether the count is 0. It is, for both,
 * so both free the object. Each step is atomic by itself. So there is no data race, and nothing that
 * ThreadSanitizer could report. The two steps together are not atomic.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * EXPECT exit: 1
 * CWE: 415
 * Source: Apache httpd bug 21287
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { READER_GAVE_UP, CLEANER_GAVE_UP };

static atomic_int references = 2;
static atomic_int times_freed; /* stands for free(): a second one would be undefined */

static void release(int gave_up, int other_gave_up) {
    atomic_fetch_sub(&references, 1);
    schedule_reach(gave_up);
    schedule_linger(other_gave_up);
    if (atomic_load(&references) == 0)
        atomic_fetch_add(&times_freed, 1);
}

static void *reader(void *unused) {
    release(READER_GAVE_UP, CLEANER_GAVE_UP);
    return unused;
}

static void *cleaner(void *unused) {
    release(CLEANER_GAVE_UP, READER_GAVE_UP);
    return unused;
}

int main(void) {
    pthread_t reading, cleaning;
    pthread_create(&reading, NULL, reader, NULL);
    pthread_create(&cleaning, NULL, cleaner, NULL);
    pthread_join(reading, NULL);
    pthread_join(cleaning, NULL);
    printf("freed %d times\n", times_freed);
    return times_freed == 1 ? 0 : 1;
}
