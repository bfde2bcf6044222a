/* The main thread frees a queue while a consumer still wants the queue's mutex.
 *
 * The main thread waits until the last block is taken, not until the consumer has ended. It frees the queue
 * and sets the pointer to NULL. The consumer comes back to look for more blocks, and there is no mutex to
 * lock any more. Had it read the pointer a moment earlier, it would lock a mutex in freed memory.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race work_queue
 * EXPECT exit: 1
 * CWE: 416
 * Source: pbzip2 0.9.4, queue deleted while its consumers run
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "cases/schedule.h"

struct queue {
    pthread_mutex_t lock;
    int blocks;
};

enum { BLOCK_TAKEN, QUEUE_FREED };

static struct queue opened = {PTHREAD_MUTEX_INITIALIZER, 1};
static struct queue *work_queue = &opened; /* NULL when freed */
static bool would_crash;

static void take_block(void) {
    struct queue *queue = work_queue; /* REPORTED */
    if (queue == NULL) {
        would_crash = true;
        return;
    }
    pthread_mutex_lock(&queue->lock);
    if (queue->blocks > 0)
        queue->blocks--;
    pthread_mutex_unlock(&queue->lock);
}

static void *consumer(void *unused) {
    take_block();
    schedule_reach(BLOCK_TAKEN);
    schedule_linger(QUEUE_FREED);
    take_block();
    return unused;
}

int main(void) {
    pthread_t consuming;
    pthread_create(&consuming, NULL, consumer, NULL);
    schedule_wait(BLOCK_TAKEN);
    work_queue = NULL; /* REPORTED */
    schedule_reach(QUEUE_FREED);
    pthread_join(consuming, NULL);
    puts(would_crash ? "the consumer met a freed queue, a crash" : "the consumer found no more blocks");
    return would_crash ? 1 : 0;
}
