/* Lost update, fixed: reading, adding and writing happen under one lock, so no thread comes in between.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 362
 */
#include <pthread.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { READ, COUNTED_DOWN };

static pthread_mutex_t counter_lock = PTHREAD_MUTEX_INITIALIZER;
static int counter;

static void *count_up(void *unused) {
    pthread_mutex_lock(&counter_lock);
    int seen = counter;
    schedule_reach(READ);
    schedule_linger(COUNTED_DOWN);
    counter = seen + 1;
    pthread_mutex_unlock(&counter_lock);
    return unused;
}

static void *count_down(void *unused) {
    schedule_wait(READ);
    pthread_mutex_lock(&counter_lock);
    counter--;
    pthread_mutex_unlock(&counter_lock);
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
