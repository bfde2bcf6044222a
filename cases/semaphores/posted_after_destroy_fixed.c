/* A semaphore destroyed before its last post, fixed: who gives up waiting still waits for the post before it
 * destroys the semaphore. (Or it leaves that to the lookup.)
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 672
 */
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <time.h>

#include "cases/schedule.h"

enum { CALLER_GAVE_UP, CLEANED_UP, POSTED };

static sem_t answered;

static void *look_up(void *unused) {
    schedule_wait(CALLER_GAVE_UP);
    schedule_linger(CLEANED_UP);
    sem_post(&answered);
    schedule_reach(POSTED);
    return unused;
}

static int wait_for_answer(long limit_ms) {
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_nsec += limit_ms * 1000000;
    limit.tv_sec += limit.tv_nsec / 1000000000;
    limit.tv_nsec %= 1000000000;
    return sem_timedwait(&answered, &limit);
}

int main(void) {
    pthread_t lookup;
    sem_init(&answered, 0, 0);
    pthread_create(&lookup, NULL, look_up, NULL);
    pthread_detach(lookup);
    int given_up = wait_for_answer(20);
    schedule_reach(CALLER_GAVE_UP);
    if (given_up)
        sem_wait(&answered);
    sem_destroy(&answered);
    schedule_reach(CLEANED_UP);
    schedule_wait(POSTED);
    return given_up ? 0 : 1;
}
