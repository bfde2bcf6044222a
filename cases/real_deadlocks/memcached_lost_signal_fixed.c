/* memcached: told to stop before it begins to wait, fixed: whether to wait is decided by the state, under the
 * lock, not by a signal that may have come before.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
        else
            pthread_cond_wait(&work_to_do, &rebalance_lock);
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
    pthread_join(rebalancer, NULL);
}

int main(void) {
    pthread_t rebalancer;
    pthread_create(&rebalancer, NULL, rebalance, NULL);
    stop_rebalancer(rebalancer);
    return slabs_to_move;
}
