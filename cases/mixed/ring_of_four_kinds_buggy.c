/* A ring of four kinds: a mutex, a reader/writer lock, a spinlock and a semaphore.
 *
 * Four threads, each from one lock to the next, and the last one back to the first. A tool that keeps a graph
 * for each kind of lock sees no ring in any of them. ThreadSanitizer leaves semaphores out.
 *
 * EXPECT gordian: deadlock.potential door_lock book_lock cell_lock pen
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <semaphore.h>

#include "cases/schedule.h"

enum { ALL_EXIST, ENTERED, READ, WRITTEN };

static pthread_mutex_t door_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t book_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t cell_lock;
static sem_t pen;

static void *enter(void *unused) {
    schedule_wait(ALL_EXIST);
    pthread_mutex_lock(&door_lock);    /* REPORTED */
    pthread_rwlock_rdlock(&book_lock); /* REPORTED */
    pthread_rwlock_unlock(&book_lock);
    pthread_mutex_unlock(&door_lock);
    schedule_reach(ENTERED);
    return unused;
}

static void *read_on(void *unused) {
    schedule_wait(ENTERED);
    pthread_rwlock_wrlock(&book_lock); /* REPORTED */
    pthread_spin_lock(&cell_lock);     /* REPORTED */
    pthread_spin_unlock(&cell_lock);
    pthread_rwlock_unlock(&book_lock);
    schedule_reach(READ);
    return unused;
}

static void *write_down(void *unused) {
    schedule_wait(READ);
    pthread_spin_lock(&cell_lock); /* REPORTED */
    sem_wait(&pen);                /* REPORTED */
    sem_post(&pen);
    pthread_spin_unlock(&cell_lock);
    schedule_reach(WRITTEN);
    return unused;
}

static void *leave(void *unused) {
    schedule_wait(WRITTEN);
    sem_wait(&pen);                 /* REPORTED */
    pthread_mutex_lock(&door_lock); /* REPORTED */
    pthread_mutex_unlock(&door_lock);
    sem_post(&pen);
    return unused;
}

int main(void) {
    void *(*const visitors[])(void *) = {enter, read_on, write_down, leave};
    pthread_t threads[4];
    pthread_spin_init(&cell_lock, PTHREAD_PROCESS_PRIVATE);
    sem_init(&pen, 0, 1);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, visitors[i], NULL);
    schedule_reach(ALL_EXIST);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    pthread_spin_destroy(&cell_lock);
    sem_destroy(&pen);
    return 0;
}
