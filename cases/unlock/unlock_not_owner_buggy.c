/* A mutex as a signal: the printer locks the door, and the refiller unlocks it.
 *
 * A mutex belongs to the thread that locked it; another one must not unlock it. It happens to work with
 * glibc.
 *
 * EXPECT gordian: misuse.unlock_not_owner door
 * EXPECT tsan: unlock-unlocked
 * CWE: 832
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { CLOSED, REFILLED };

static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static int sheets;

static void *print(void *unused) {
    pthread_mutex_lock(&door); /* REPORTED BY gordian */
    schedule_reach(CLOSED);
    schedule_wait(REFILLED);
    pthread_mutex_lock(&door);
    sheets++;
    pthread_mutex_unlock(&door);
    return unused;
}

static void *refill(void *unused) {
    schedule_wait(CLOSED);
    pthread_mutex_unlock(&door); /* REPORTED */
    schedule_reach(REFILLED);
    return unused;
}

int main(void) {
    pthread_t printer, refiller;
    pthread_create(&printer, NULL, print, NULL);
    pthread_create(&refiller, NULL, refill, NULL);
    pthread_join(printer, NULL);
    pthread_join(refiller, NULL);
    return sheets == 1 ? 0 : 1;
}
