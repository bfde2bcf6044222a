/* 20,000 locks, fixed: the guest moves upwards, too.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <stdlib.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, USHERED, SEATS = 20000, WINDOW = 11110, AISLE = WINDOW + 1 };

static pthread_mutex_t window_seat = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t aisle_seat = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t *seats[SEATS], *others;
static int visits[SEATS];

static void move(int from, int to) {
    pthread_mutex_lock(seats[from]);
    pthread_mutex_lock(seats[to]);
    visits[to]++;
    pthread_mutex_unlock(seats[to]);
    pthread_mutex_unlock(seats[from]);
}

static void *usher(void *unused) {
    schedule_wait(BOTH_EXIST);
    for (int i = 0; i + 1 < SEATS; i++)
        move(i, i + 1);
    schedule_reach(USHERED);
    return unused;
}

static void *visit(void *unused) {
    schedule_wait(USHERED);
    move(WINDOW, AISLE);
    return unused;
}

int main(void) {
    pthread_t attendant, guest;
    others = calloc(SEATS, sizeof *others);
    for (int i = 0; i < SEATS; i++) {
        pthread_mutex_init(&others[i], NULL);
        seats[i] = i == WINDOW ? &window_seat : i == AISLE ? &aisle_seat : &others[i];
    }
    pthread_create(&attendant, NULL, usher, NULL);
    pthread_create(&guest, NULL, visit, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(attendant, NULL);
    pthread_join(guest, NULL);
    for (int i = 0; i < SEATS; i++)
        pthread_mutex_destroy(&others[i]);
    free(others);
    return 0;
}
