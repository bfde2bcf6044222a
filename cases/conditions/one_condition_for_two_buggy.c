/* One condition for two purposes: "not full" and "not empty" share it, and a signal wakes the wrong one.
 *
 * The box holds one item. Two consumers wait for items; the producer puts one in, signals, and waits for
 * room. The consumer that was woken takes the item and signals: "there is room". The one who hears it is the
 * other consumer. It finds nothing and waits again, and the producer is never told. ThreadSanitizer does not
 * watch threads that wait, so it hangs in silence.
 *
 * EXPECT gordian: hang.all_blocked box_changed
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { FIRST_WAITS, SECOND_WAITS };

static pthread_mutex_t box_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t box_changed = PTHREAD_COND_INITIALIZER;
static bool full;

/* Both items under one lock: between them, only the wait lets others in. */
static void *produce_two(void *unused) {
    schedule_wait(FIRST_WAITS);
    schedule_wait(SECOND_WAITS);
    pthread_mutex_lock(&box_lock);
    for (int items = 2; items > 0; items--) {
        while (full)
            pthread_cond_wait(&box_changed, &box_lock); /* REPORTED */
        full = true;
        pthread_cond_signal(&box_changed);
    }
    pthread_mutex_unlock(&box_lock);
    return unused;
}

static void consume(int waits) {
    pthread_mutex_lock(&box_lock);
    while (!full) {
        schedule_reach(waits);
        pthread_cond_wait(&box_changed, &box_lock); /* REPORTED */
    }
    full = false;
    pthread_cond_signal(&box_changed);
    pthread_mutex_unlock(&box_lock);
}

static void *first_consumer(void *unused) {
    consume(FIRST_WAITS);
    return unused;
}

static void *second_consumer(void *unused) {
    consume(SECOND_WAITS);
    return unused;
}

int main(void) {
    pthread_t producer, first, second;
    pthread_create(&first, NULL, first_consumer, NULL);
    pthread_create(&second, NULL, second_consumer, NULL);
    pthread_create(&producer, NULL, produce_two, NULL);
    pthread_join(producer, NULL); /* REPORTED */
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    return full ? 1 : 0;
}
