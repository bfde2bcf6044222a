/* memcached: a gate closes again before everybody has passed it.
 *
 * To change something under all workers, the maintenance thread takes the gate, at which they get stuck once
 * they have reported, and waits until all have. Then it opens the gate, and soon begins the next round. A
 * worker that was too slow to pass meanwhile is still before the gate, and cannot report for the second
 * round. The maintenance thread waits for that report, with the gate: a wait gives its own mutex back, and no
 * other. ThreadSanitizer does not watch threads that wait.
 *
 * EXPECT gordian: hang.all_blocked gate_lock counted
 * EXPECT tsan: none
 * EXPECT exit: never
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
        pthread_cond_wait(&counted, &count_lock); /* REPORTED */
    pthread_mutex_unlock(&count_lock);
}

static void *work(void *unused) {
    for (int round = 0; round < ROUNDS; round++) {
        count(&reports);
        schedule_reach(round == 0 ? FIRST_REPORT : SECOND_REPORT);
        schedule_linger(SECOND_ROUND);  /* slow to the gate */
        pthread_mutex_lock(&gate_lock); /* REPORTED */
        pthread_mutex_unlock(&gate_lock);
        count(&passes);
    }
    return unused;
}

static void *maintain(void *unused) {
    for (int round = 0; round < ROUNDS; round++) {
        pthread_mutex_lock(&gate_lock); /* REPORTED */
        if (round > 0)
            schedule_reach(SECOND_ROUND);
        schedule_linger(round == 0 ? FIRST_REPORT : SECOND_REPORT);
        wait_until(&reports, round + 1);
        pthread_mutex_unlock(&gate_lock);
    }
    return unused;
}

int main(void) {
    pthread_t worker, maintenance;
    pthread_create(&maintenance, NULL, maintain, NULL);
    pthread_create(&worker, NULL, work, NULL);
    pthread_join(worker, NULL); /* REPORTED */
    pthread_join(maintenance, NULL);
    return passes == ROUNDS ? 0 : 1;
}
