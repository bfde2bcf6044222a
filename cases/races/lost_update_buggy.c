/* Lost update: one thread counts up, one counts down, and one of the two steps disappears.
 *
 * Counting is three steps: read, add, write. A thread that comes in between another's read and write works
 * on the old value, and what it writes is overwritten. ThreadSanitizer reports one pair of accesses for each
 * address: the first.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race counter
 * EXPECT exit: 1
 * CWE: 362
 */
#include <pthread.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { READ, COUNTED_DOWN };

static int counter;

static void *count_up(void *unused) {
    int seen = counter; /* REPORTED */
    schedule_reach(READ);
    schedule_linger(COUNTED_DOWN);
    counter = seen + 1;
    return unused;
}

static void *count_down(void *unused) {
    schedule_wait(READ);
    counter--; /* REPORTED */
    schedule_reach(COUNTED_DOWN);
    return unused;
}

int main(void) {
    pthread_t up, down;
    pthread_create(&up, NULL, count_up, NULL);
    pthread_create(&down, NULL, count_down, NULL);
    pthread_join(up, NULL);
    pthread_join(down, NULL);
    printf("one up, one down: %d\n", counter);
    return counter == 0 ? 0 : 1;
}
