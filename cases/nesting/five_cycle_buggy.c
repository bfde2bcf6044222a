/* A ring of five: each diner takes the fork on the left, then the one on the right.
 *
 * No two diners disagree about two forks. When all five hold the left one, all wait for the right one. They
 * eat one after another here.
 *
 * EXPECT gordian: deadlock.potential fork_one fork_two fork_three fork_four fork_five
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { DINERS = 5, ALL_EXIST = DINERS };

static pthread_mutex_t fork_one = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t fork_two = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t fork_three = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t fork_four = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t fork_five = PTHREAD_MUTEX_INITIALIZER;

static const struct diner {
    pthread_mutex_t *first, *second;
    int after; /* step of the schedule */
    int done;
} diners[DINERS] = {
    {&fork_one, &fork_two, ALL_EXIST, 0}, {&fork_two, &fork_three, 0, 1}, {&fork_three, &fork_four, 1, 2},
    {&fork_four, &fork_five, 2, 3},       {&fork_five, &fork_one, 3, 4},
};

static void *dine(void *argument) {
    const struct diner *diner = argument;
    schedule_wait(diner->after);
    pthread_mutex_lock(diner->first);  /* REPORTED */
    pthread_mutex_lock(diner->second); /* REPORTED */
    pthread_mutex_unlock(diner->second);
    pthread_mutex_unlock(diner->first);
    schedule_reach(diner->done);
    return NULL;
}

int main(void) {
    pthread_t threads[DINERS];
    for (int i = 0; i < DINERS; i++)
        pthread_create(&threads[i], NULL, dine, (void *)&diners[i]);
    schedule_reach(ALL_EXIST);
    for (int i = 0; i < DINERS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
