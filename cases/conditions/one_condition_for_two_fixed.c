/* One condition for two purposes, fixed: each purpose has its own, so a signal reaches only those who can use
 * it.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { FIRST_WAITS, SECOND_WAITS };

static pthread_mutex_t box_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t box_filled = PTHREAD_COND_INITIALIZER;
static pthread_cond_t box_emptied = PTHREAD_COND_INITIALIZER;
static bool full;

/* Both items under one lock: between them, only the wait lets others in. */
static void *produce_two(void *unused) {
    schedule_wait(FIRST_WAITS);
    schedule_wait(SECOND_WAITS);
    pthread_mutex_lock(&box_lock);
    for (int items = 2; items > 0; items--) {
        while (full)
            pthread_cond_wait(&box_emptied, &box_lock);
        full = true;
        pthread_cond_signal(&box_filled);
    }
    pthread_mutex_unlock(&box_lock);
    return unused;
}

static void consume(int waits) {
    pthread_mutex_lock(&box_lock);
    while (!full) {
        schedule_reach(waits);
        pthread_cond_wait(&box_filled, &box_lock);
    }
    full = false;
    pthread_cond_signal(&box_emptied);
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
    pthread_join(producer, NULL);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    return full ? 1 : 0;
}
