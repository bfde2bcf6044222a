/* One permit, one lock: the pool has a single permit, and the two users take it and the desk in two orders.
 *
 * With one permit the semaphore keeps the second user out, like a mutex: one has the permit and waits for the
 * desk, the other has the desk and waits for the permit. ThreadSanitizer has no semaphores in its lock
 * orders.
 *
 * EXPECT gordian: deadlock.potential permits desk_lock
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <semaphore.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, WRITTEN, PERMITS = 1 };

static sem_t permits;
static pthread_mutex_t desk_lock = PTHREAD_MUTEX_INITIALIZER;
static int letters;

static void *write_letter(void *unused) {
    schedule_wait(BOTH_EXIST);
    sem_wait(&permits);             /* REPORTED */
    pthread_mutex_lock(&desk_lock); /* REPORTED */
    letters++;
    pthread_mutex_unlock(&desk_lock);
    sem_post(&permits);
    schedule_reach(WRITTEN);
    return unused;
}

static void *send_letter(void *unused) {
    schedule_wait(WRITTEN);
    pthread_mutex_lock(&desk_lock); /* REPORTED */
    sem_wait(&permits);             /* REPORTED */
    letters--;
    sem_post(&permits);
    pthread_mutex_unlock(&desk_lock);
    return unused;
}

int main(void) {
    pthread_t writer, sender;
    sem_init(&permits, 0, PERMITS);
    pthread_create(&writer, NULL, write_letter, NULL);
    pthread_create(&sender, NULL, send_letter, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(writer, NULL);
    pthread_join(sender, NULL);
    sem_destroy(&permits);
    return letters;
}
