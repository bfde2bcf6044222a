/* A wait without the lock, fixed: the pause takes it before the wait and gives it back afterwards.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    pthread_mutex_lock(&pause_lock);
    int result = pthread_cond_timedwait(&cut_short, &pause_lock, &limit);
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
