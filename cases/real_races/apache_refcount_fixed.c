/* A cached object is freed twice, fixed: the countdown itself tells what the count was. Only one thread takes
 * it from 1 to 0, and that one frees.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    int before = atomic_fetch_sub(&references, 1);
    schedule_reach(gave_up);
    schedule_linger(other_gave_up);
    if (before == 1)
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
