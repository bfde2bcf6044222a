/* Interrupted inside, fixed: the handler only sets a flag, and the thread does the work when it is outside.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 479
 */
#include <pthread.h>
#include <signal.h>

static pthread_mutex_t counter_lock = PTHREAD_MUTEX_INITIALIZER;
static int counter;
static volatile sig_atomic_t reset_wanted;

static void reset(void) {
    pthread_mutex_lock(&counter_lock);
    counter = 0;
    pthread_mutex_unlock(&counter_lock);
}

static void on_signal(int number) {
    (void)number;
    reset_wanted = 1;
}

static void count(void) {
    pthread_mutex_lock(&counter_lock);
    counter++;
    raise(SIGUSR1); /* as if it came from outside */
    pthread_mutex_unlock(&counter_lock);
    if (reset_wanted)
        reset();
}

int main(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    count();
    return counter;
}
