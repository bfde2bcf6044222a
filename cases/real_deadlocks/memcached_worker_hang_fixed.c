/* memcached: a gate closes again before everybody has passed it, fixed: the gate stays open until the others
 * have passed.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 * Source: memcached issue 742
 */
#include <pthread.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { ROUNDS = 2 };
enum { FIRST_REPORT, SECOND_REPORT, SECOND_ROUND };

static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t count_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t counted = PTHREAD_COND_INITIALIZER;
static int reports, passes;

static void count(int *what) {
    pthread_mutex_lock(&count_lock);
    ++*what;
    pthread_cond_signal(&counted);
    pthread_mutex_unlock(&count_lock);
}

static void wait_until(const int *what, int wanted) {
    pthread_mutex_lock(&count_lock);
    while (*what < wanted)
        pthread_cond_wait(&counted, &count_lock);
    pthread_mutex_unlock(&count_lock);
}

static void *work(void *unused) {
    for (int round = 0; round < ROUNDS; round++) {
        count(&reports);
        schedule_reach(round == 0 ? FIRST_REPORT : SECOND_REPORT);
        schedule_linger(SECOND_ROUND); /* slow to the gate */
        pthread_mutex_lock(&gate_lock);
        pthread_mutex_unlock(&gate_lock);
        count(&passes);
    }
    return unused;
}

static void *maintain(void *unused) {
    for (int round = 0; round < ROUNDS; round++) {
        pthread_mutex_lock(&gate_lock);
        if (round > 0)
            schedule_reach(SECOND_ROUND);
        schedule_linger(round == 0 ? FIRST_REPORT : SECOND_REPORT);
        wait_until(&reports, round + 1);
        pthread_mutex_unlock(&gate_lock);
        wait_until(&passes, round + 1);
    }
    return unused;
}

int main(void) {
    pthread_t worker, maintenance;
    pthread_create(&maintenance, NULL, maintain, NULL);
    pthread_create(&worker, NULL, work, NULL);
    pthread_join(worker, NULL);
    pthread_join(maintenance, NULL);
    return passes == ROUNDS ? 0 : 1;
}
