/* One signal where all are meant: the race is started, and one of two runners hears it.
 *
 * A signal wakes one waiter, and the runner that wakes up tells nobody. The other waits for ever, and the
 * main thread waits for both. ThreadSanitizer does not watch threads that wait, so it hangs in silence.
 *
 * EXPECT gordian: hang.all_blocked start_signal
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { FIRST_READY, SECOND_READY };

static pthread_mutex_t track_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t start_signal = PTHREAD_COND_INITIALIZER;
static bool started;
static int finished;

static void run(int ready) {
    pthread_mutex_lock(&track_lock);
    schedule_reach(ready);
    while (!started)
        pthread_cond_wait(&start_signal, &track_lock); /* REPORTED */
    finished++;
    pthread_mutex_unlock(&track_lock);
}

static void *first_runner(void *unused) {
    run(FIRST_READY);
    return unused;
}

static void *second_runner(void *unused) {
    run(SECOND_READY);
    return unused;
}

int main(void) {
    pthread_t first, second;
    pthread_create(&first, NULL, first_runner, NULL);
    pthread_create(&second, NULL, second_runner, NULL);
    schedule_wait(FIRST_READY);
    schedule_wait(SECOND_READY);
    pthread_mutex_lock(&track_lock);
    started = true;
    pthread_cond_signal(&start_signal);
    pthread_mutex_unlock(&track_lock);
    pthread_t runners[] = {first, second};
    for (int i = 0; i < 2; i++)
        pthread_join(runners[i], NULL); /* REPORTED */
    return finished == 2 ? 0 : 1;
}
