/* A handler that takes a lock: the signal handler and the thread that it interrupts want the same mutex.
 *
 * Here the signal comes when the mutex is free. When it comes inside the critical section, the handler waits
 * for the thread that it has interrupted, and that cannot go on before the handler ends. ThreadSanitizer does
 * not look for that.
 *
 * EXPECT gordian: deadlock.potential shape=signal stats_lock
 * EXPECT tsan: none
 * CWE: 479
 */
#include <pthread.h>
#include <signal.h>

#include "cases/schedule.h"

enum { SHOWN };

static pthread_mutex_t stats_lock = PTHREAD_MUTEX_INITIALIZER;
static int requests, shown;

static void show_stats(int number) {
    (void)number;
    pthread_mutex_lock(&stats_lock); /* REPORTED */
    shown = requests;
    pthread_mutex_unlock(&stats_lock);
}

static void count_request(void) {
    pthread_mutex_lock(&stats_lock); /* REPORTED */
    requests++;
    pthread_mutex_unlock(&stats_lock);
}

static void *serve(void *unused) {
    schedule_wait(SHOWN);
    return unused;
}

int main(void) {
    struct sigaction action = {.sa_handler = show_stats};
    pthread_t server;
    sigaction(SIGUSR1, &action, NULL);
    pthread_create(&server, NULL, serve, NULL);
    count_request();
    raise(SIGUSR1);
    schedule_reach(SHOWN);
    pthread_join(server, NULL);
    return shown == 1 ? 0 : 1;
}
