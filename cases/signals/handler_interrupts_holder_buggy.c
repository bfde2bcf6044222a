/* Interrupted inside: the signal comes when its thread holds the mutex that the handler wants.
 *
 * The handler waits for the thread below it, which goes on when the handler has ended.
 *
 * EXPECT gordian: deadlock.actual shape=self counter_lock
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 479
 */
#include <pthread.h>
#include <signal.h>

static pthread_mutex_t counter_lock = PTHREAD_MUTEX_INITIALIZER;
static int counter;

static void reset(void) {
    pthread_mutex_lock(&counter_lock); /* REPORTED */
    counter = 0;
    pthread_mutex_unlock(&counter_lock);
}

static void on_signal(int number) {
    (void)number;
    reset();
}

static void count(void) {
    pthread_mutex_lock(&counter_lock); /* REPORTED */
    counter++;
    raise(SIGUSR1); /* as if it came from outside */
    pthread_mutex_unlock(&counter_lock);
}

int main(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    count();
    return counter;
}
