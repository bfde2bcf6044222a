/* A gate for one, fixed: with one permit the semaphore lets one thread in at a time. It is a gate like a
 * mutex, and the two orders cannot meet. ThreadSanitizer knows no gates and cries wolf.
 *
 * EXPECT gordian: none
 * EXPECT tsan: lock-order-inversion wrongly
 * CWE: 833
 */
#include <pthread.h>
#include <semaphore.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, UNLOADED, PERMITS = 1 };

static sem_t harbour;
static pthread_mutex_t crane_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t dock_lock = PTHREAD_MUTEX_INITIALIZER;
static int crates;

static void *unload(void *unused) {
    schedule_wait(BOTH_EXIST);
    sem_wait(&harbour);
    pthread_mutex_lock(&crane_lock);
    pthread_mutex_lock(&dock_lock);
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
    pthread_mutex_lock(&dock_lock);
    pthread_mutex_lock(&crane_lock);
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
