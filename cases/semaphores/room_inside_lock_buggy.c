/* A bounded queue that waits for room inside its lock: the producer takes the lock first, and then waits for
 * an empty place.
 *
 * The queue is full. The producer holds the lock and waits for a place; the consumer, who would make one,
 * waits for the lock. The two waits stand in the wrong order, but the semaphore counts places and is no lock,
 * so there is no order of locks to predict from. ThreadSanitizer does not watch threads that wait and hangs
 * in silence.
 *
 * EXPECT gordian: hang.all_blocked queue_lock places
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 */
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { PLACES = 2, ITEMS = 5, FULL = 0 };

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t places, items;
static int queue[PLACES], put_count, taken_count, sum;

static void await_place(void) {
    if (put_count == PLACES)
        schedule_reach(FULL);
    sem_wait(&places); /* REPORTED */
}

static void put(int item) {
    pthread_mutex_lock(&queue_lock); /* REPORTED */
    await_place();
    queue[put_count++ % PLACES] = item;
    pthread_mutex_unlock(&queue_lock);
    sem_post(&items);
}

static int take(void) {
    sem_wait(&items);
    pthread_mutex_lock(&queue_lock); /* REPORTED */
    int item = queue[taken_count++ % PLACES];
    pthread_mutex_unlock(&queue_lock);
    sem_post(&places);
    return item;
}

static void *produce(void *unused) {
    for (int i = 0; i < ITEMS; i++)
        put(i);
    return unused;
}

static void *consume(void *unused) {
    schedule_wait(FULL);
    for (int i = 0; i < ITEMS; i++)
        sum += take();
    return unused;
}

int main(void) {
    pthread_t producer, consumer;
    sem_init(&places, 0, PLACES);
    sem_init(&items, 0, 0);
    pthread_create(&producer, NULL, produce, NULL);
    pthread_create(&consumer, NULL, consume, NULL);
    pthread_join(producer, NULL); /* REPORTED */
    pthread_join(consumer, NULL);
    return sum == 10 ? 0 : 1;
}
