/* memcached: told to stop before it begins to wait, the rebalancer waits for ever.
 *
 * The shutdown takes the lock, says stop and signals the condition. The rebalancer is busy with a job that
 * came just before. It looks at the stop flag at the top of its loop only, without looking again before it
 * waits. The signal came when nobody waited and is gone; the shutdown waits for the rebalancer to end.
 * ThreadSanitizer does not watch threads that wait.
 *
 * EXPECT gordian: hang.all_blocked work_to_do
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 * Source: memcached issue 738
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { BUSY, STOPPED };

static pthread_mutex_t rebalance_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_to_do = PTHREAD_COND_INITIALIZER;
static bool running = true;
static int slabs_to_move = 1;

static void move_slab(void) {
    slabs_to_move--;
    pthread_mutex_unlock(&rebalance_lock);
    schedule_reach(BUSY);
    schedule_linger(STOPPED);
    pthread_mutex_lock(&rebalance_lock);
}

static void *rebalance(void *unused) {
    pthread_mutex_lock(&rebalance_lock);
    while (running) {
        if (slabs_to_move > 0)
            move_slab();
        pthread_cond_wait(&work_to_do, &rebalance_lock); /* REPORTED */
    }
    pthread_mutex_unlock(&rebalance_lock);
    return unused;
}

static void stop_rebalancer(pthread_t rebalancer) {
    schedule_wait(BUSY);
    pthread_mutex_lock(&rebalance_lock);
    running = false;
    pthread_cond_signal(&work_to_do);
    pthread_mutex_unlock(&rebalance_lock);
    schedule_reach(STOPPED);
    pthread_join(rebalancer, NULL); /* REPORTED */
}

int main(void) {
    pthread_t rebalancer;
    pthread_create(&rebalancer, NULL, rebalance, NULL);
    stop_rebalancer(rebalancer);
    return slabs_to_move;
}
