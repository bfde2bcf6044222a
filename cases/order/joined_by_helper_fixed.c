/* Joined through a helper, fixed: the worker is over when the foreman has joined it, and that is over when
 * the main thread has joined the foreman. The main thread never joins the worker itself, and yet is ordered
 * after it. ThreadSanitizer does not use that for lock orders, and cries wolf.
 *
 * EXPECT gordian: none
 * EXPECT tsan: lock-order-inversion wrongly
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { WORKED, TIDIED };

static pthread_mutex_t tool_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t bench_lock = PTHREAD_MUTEX_INITIALIZER;
static int tools_used;

static void *work(void *unused) {
    pthread_mutex_lock(&bench_lock);
    pthread_mutex_lock(&tool_lock);
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
    pthread_mutex_lock(&tool_lock);
    pthread_mutex_lock(&bench_lock);
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
    pthread_join(foreman, NULL);
    tidy_up();
    schedule_reach(TIDIED);
    pthread_join(clock, NULL);
    return tools_used;
}
