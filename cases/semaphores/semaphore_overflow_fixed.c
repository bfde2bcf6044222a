/* A semaphore that is full, fixed: "no limit" is a number that leaves room above it.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 190
 */
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

enum { NO_LIMIT = SEM_VALUE_MAX / 2 };

static sem_t seats;

static void *add_seat(void *unused) {
    sem_post(&seats);
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
