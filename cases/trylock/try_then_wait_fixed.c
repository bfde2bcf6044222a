/* A try that gives in, fixed: when the try fails, the thread gives back what it holds, so that the other can
 * go, and begins again. It never waits with a lock held.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <sched.h>

#include "cases/schedule.h"

enum { EAST_TAKEN, WEST_TAKEN, EAST_TRIED, WEST_TRIED };

static pthread_mutex_t east_side = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t west_side = PTHREAD_MUTEX_INITIALIZER;
static int crossed;

static void cross(pthread_mutex_t *near, pthread_mutex_t *far, int taken, int tried) {
    pthread_mutex_lock(near);
    schedule_reach(taken);
    schedule_wait(taken ^ 1); /* the other's step */
    int result = pthread_mutex_trylock(far);
    schedule_reach(tried);
    schedule_wait(tried ^ 1);
    while (result != 0) {
        pthread_mutex_unlock(near);
        sched_yield();
        pthread_mutex_lock(near);
        result = pthread_mutex_trylock(far);
    }
    crossed++;
    pthread_mutex_unlock(far);
    pthread_mutex_unlock(near);
}

static void *go_west(void *unused) {
    cross(&east_side, &west_side, EAST_TAKEN, EAST_TRIED);
    return unused;
}

static void *go_east(void *unused) {
    cross(&west_side, &east_side, WEST_TAKEN, WEST_TRIED);
    return unused;
}

int main(void) {
    pthread_t westward, eastward;
    pthread_create(&westward, NULL, go_west, NULL);
    pthread_create(&eastward, NULL, go_east, NULL);
    pthread_join(westward, NULL);
    pthread_join(eastward, NULL);
    return crossed == 2 ? 0 : 1;
}
