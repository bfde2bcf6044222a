/* Enough permits for all, fixed: the semaphore has a permit for each of the two users. Nobody ever waits for
 * one, so the two orders make no ring.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <semaphore.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, WRITTEN, PERMITS = 2 };

static sem_t permits;
static pthread_mutex_t desk_lock = PTHREAD_MUTEX_INITIALIZER;
static int letters;

static void *write_letter(void *unused) {
    schedule_wait(BOTH_EXIST);
    sem_wait(&permits);
    pthread_mutex_lock(&desk_lock);
    letters++;
    pthread_mutex_unlock(&desk_lock);
    sem_post(&permits);
    schedule_reach(WRITTEN);
    return unused;
}

static void *send_letter(void *unused) {
    schedule_wait(WRITTEN);
    pthread_mutex_lock(&desk_lock);
    sem_wait(&permits);
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
