/* A semaphore that is full: "no limit" was spelt as the largest value that a semaphore can have.
 *
 * Nothing is left for one more. The administrator adds a seat, the post fails with EOVERFLOW, and nobody
 * looks at its result: the seat is lost.
 *
 * EXPECT gordian: misuse.sem_overflow seats
 * EXPECT tsan: none
 * EXPECT exit: 1
 * CWE: 190
 */
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

enum { NO_LIMIT = SEM_VALUE_MAX };

static sem_t seats;

static void *add_seat(void *unused) {
    sem_post(&seats); /* REPORTED */
    return unused;
}

int main(void) {
    int free_seats;
    pthread_t administrator;
    sem_init(&seats, 0, NO_LIMIT);
    pthread_create(&administrator, NULL, add_seat, NULL);
    pthread_join(administrator, NULL);
    sem_getvalue(&seats, &free_seats);
    sem_destroy(&seats);
    printf("seats added: %d\n", free_seats - NO_LIMIT);
    return free_seats - NO_LIMIT == 1 ? 0 : 1;
}
