/* A mutex as a signal, fixed: a semaphore is made for that. Any thread may post it.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 832
 */
#include <pthread.h>
#include <semaphore.h>

#include "cases/schedule.h"

enum { CLOSED, REFILLED };

static sem_t door;
static int sheets;

static void *print(void *unused) {
    sem_wait(&door);
    schedule_reach(CLOSED);
    schedule_wait(REFILLED);
    sem_wait(&door);
    sheets++;
    sem_post(&door);
    return unused;
}

static void *refill(void *unused) {
    schedule_wait(CLOSED);
    sem_post(&door);
    schedule_reach(REFILLED);
    return unused;
}

int main(void) {
    pthread_t printer, refiller;
    sem_init(&door, 0, 1);
    pthread_create(&printer, NULL, print, NULL);
    pthread_create(&refiller, NULL, refill, NULL);
    pthread_join(printer, NULL);
    pthread_join(refiller, NULL);
    return sheets == 1 ? 0 : 1;
}
