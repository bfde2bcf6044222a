/* Two semaphores as locks, taken in opposite orders: the printer and the scanner.
 *
 * Each semaphore begins with 1 and is given back by whoever took it, so it is a lock. The copy takes the
 * scanner, then the printer; the test page takes them the other way round. Here the copy is done before the
 * test page begins, so this run ends well. ThreadSanitizer finds orders of mutexes alone: to it a semaphore
 * is a signal, and it stays silent.
 *
 * EXPECT gordian: deadlock.potential scanner printer
 * EXPECT tsan: misses
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
    sem_wait(&scanner); /* REPORTED */
    sem_wait(&printer); /* REPORTED */
    printed = ++scanned;
    sem_post(&printer);
    sem_post(&scanner);
    schedule_reach(COPIED);
    return unused;
}

static void *print_test_page(void *unused) {
    schedule_wait(COPIED);
    sem_wait(&printer); /* REPORTED */
    sem_wait(&scanner); /* REPORTED */
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
