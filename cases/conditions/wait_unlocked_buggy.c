/* A wait without the lock: a pause that can be cut short is made of a wait with a time limit.
 *
 * A wait gives the mutex back while it sleeps, so the caller must hold it; that was left out, since there is
 * nothing to guard. glibc unlocks a mutex that is not locked, and returns with it locked, so it looks as if
 * all were well. The standard leaves open what happens.
 *
 * EXPECT gordian: misuse.wait_unlocked pause_lock
 * EXPECT tsan: unlock-unlocked
 * CWE: 667
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <time.h>

static pthread_mutex_t pause_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cut_short = PTHREAD_COND_INITIALIZER;
static int pauses;

static int pause_for_ms(long ms) {
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_nsec += ms * 1000000;
    limit.tv_sec += limit.tv_nsec / 1000000000;
    limit.tv_nsec %= 1000000000;
    int result = pthread_cond_timedwait(&cut_short, &pause_lock, &limit); /* REPORTED */
    pthread_mutex_unlock(&pause_lock);
    return result;
}

static void *blink(void *unused) {
    for (int i = 0; i < 3; i++)
        if (pause_for_ms(5) == ETIMEDOUT)
            pauses++;
    return unused;
}

int main(void) {
    pthread_t blinker;
    pthread_create(&blinker, NULL, blink, NULL);
    pthread_join(blinker, NULL);
    return pauses == 3 ? 0 : 1;
}
