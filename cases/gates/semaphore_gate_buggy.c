/* A gate for two: a semaphore limits how many are inside, but its limit is two.
 *
 * With two permits both threads are inside at once, and their two orders meet.
 *
 * EXPECT gordian: deadlock.potential crane_lock dock_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>
#include <semaphore.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, UNLOADED, PERMITS = 2 };

static sem_t harbour;
static pthread_mutex_t crane_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t dock_lock = PTHREAD_MUTEX_INITIALIZER;
static int crates;

static void *unload(void *unused) {
    schedule_wait(BOTH_EXIST);
    sem_wait(&harbour);
    pthread_mutex_lock(&crane_lock); /* REPORTED */
    pthread_mutex_lock(&dock_lock);  /* REPORTED */
    crates++;
    pthread_mutex_unlock(&dock_lock);
    pthread_mutex_unlock(&crane_lock);
    sem_post(&harbour);
    schedule_reach(UNLOADED);
    return unused;
}

static void *load(void *unused) {
    schedule_wait(UNLOADED);
    sem_wait(&harbour);
    pthread_mutex_lock(&dock_lock);  /* REPORTED */
    pthread_mutex_lock(&crane_lock); /* REPORTED */
    crates--;
    pthread_mutex_unlock(&crane_lock);
    pthread_mutex_unlock(&dock_lock);
    sem_post(&harbour);
    return unused;
}

int main(void) {
    pthread_t unloader, loader;
    sem_init(&harbour, 0, PERMITS);
    pthread_create(&unloader, NULL, unload, NULL);
    pthread_create(&loader, NULL, load, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(unloader, NULL);
    pthread_join(loader, NULL);
    sem_destroy(&harbour);
    return crates;
}
