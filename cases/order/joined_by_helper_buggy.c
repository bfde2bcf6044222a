/* Joined too late, through a helper: the main thread takes the locks before it has joined the one who joins.
 *
 * The foreman starts the worker and joins it. The main thread's order of the locks is the reverse of the
 * worker's. It waits here until the worker is done, but without the joins it may be in the middle.
 *
 * EXPECT gordian: deadlock.potential tool_lock bench_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { WORKED, TIDIED };

static pthread_mutex_t tool_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t bench_lock = PTHREAD_MUTEX_INITIALIZER;
static int tools_used;

static void *work(void *unused) {
    pthread_mutex_lock(&bench_lock); /* REPORTED */
    pthread_mutex_lock(&tool_lock);  /* REPORTED */
    tools_used++;
    pthread_mutex_unlock(&tool_lock);
    pthread_mutex_unlock(&bench_lock);
    schedule_reach(WORKED);
    return unused;
}

static void *lead(void *unused) {
    pthread_t worker;
    pthread_create(&worker, NULL, work, NULL);
    pthread_join(worker, NULL);
    return unused;
}

static void tidy_up(void) {
    pthread_mutex_lock(&tool_lock);  /* REPORTED */
    pthread_mutex_lock(&bench_lock); /* REPORTED */
    tools_used = 0;
    pthread_mutex_unlock(&bench_lock);
    pthread_mutex_unlock(&tool_lock);
}

static void *tick(void *unused) {
    schedule_wait(TIDIED);
    return unused;
}

int main(void) {
    pthread_t clock, foreman;
    pthread_create(&clock, NULL, tick, NULL);
    pthread_create(&foreman, NULL, lead, NULL);
    schedule_wait(WORKED);
    tidy_up();
    pthread_join(foreman, NULL);
    schedule_reach(TIDIED);
    pthread_join(clock, NULL);
    return tools_used;
}
