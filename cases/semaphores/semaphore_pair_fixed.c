/* Two semaphores as locks, fixed: both threads take the scanner first.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <semaphore.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, COPIED };

static sem_t scanner, printer;
static int scanned, printed;

static void *copy(void *unused) {
    schedule_wait(BOTH_EXIST);
    sem_wait(&scanner);
    sem_wait(&printer);
    printed = ++scanned;
    sem_post(&printer);
    sem_post(&scanner);
    schedule_reach(COPIED);
    return unused;
}

static void *print_test_page(void *unused) {
    schedule_wait(COPIED);
    sem_wait(&scanner);
    sem_wait(&printer);
    scanned = ++printed;
    sem_post(&scanner);
    sem_post(&printer);
    return unused;
}

int main(void) {
    pthread_t copier, tester;
    sem_init(&scanner, 0, 1);
    sem_init(&printer, 0, 1);
    pthread_create(&copier, NULL, copy, NULL);
    pthread_create(&tester, NULL, print_test_page, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(copier, NULL);
    pthread_join(tester, NULL);
    sem_destroy(&printer);
    sem_destroy(&scanner);
    return scanned == 2 && printed == 2 ? 0 : 1;
}
