/* A semaphore destroyed before its last post: the caller gives up waiting, cleans up, and then the answer
 * comes.
 *
 * The main thread waits for a lookup with a time limit. When it has passed, it destroys the semaphore and
 * goes on. The lookup is a detached thread that nobody told, and it posts what is no semaphore any more. Here
 * the memory is still there; in a caller's stack frame the post would hit whatever has come there since.
 * ThreadSanitizer does not watch for destroyed semaphores.
 *
 * EXPECT gordian: misuse.use_destroyed answered
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
    sem_post(&answered); /* REPORTED */
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
    sem_destroy(&answered); /* REPORTED */
    schedule_reach(CLEANED_UP);
    schedule_wait(POSTED);
    return given_up ? 0 : 1;
}
