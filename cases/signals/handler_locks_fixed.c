/* A handler that takes a lock, fixed: the signal is blocked while the mutex is held, so that the handler
 * always finds its thread outside.
 *
 * EXPECT gordian: none
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
    pthread_mutex_lock(&stats_lock);
    shown = requests;
    pthread_mutex_unlock(&stats_lock);
}

static void count_request(void) {
    sigset_t user_signal, before;
    sigemptyset(&user_signal);
    sigaddset(&user_signal, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &user_signal, &before);
    pthread_mutex_lock(&stats_lock);
    requests++;
    pthread_mutex_unlock(&stats_lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
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
