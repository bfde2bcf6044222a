/* A limit that grows: three downloads at once are allowed, but a failed one gives its slot back twice.
 *
 * The error path gives the slot back, and so does the clean-up that every download ends with. A semaphore
 * keeps no account of who took a slot, so it now counts four, and the fourth download is let in. No call is
 * wrong in itself: neither tool can know that the limit was meant to be three.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * EXPECT exit: 1
 * CWE: 837
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { LIMIT = 3, CLIENTS = LIMIT + 1 };
enum { ALL_EXIST, TOO_MANY };

static sem_t slots;
static atomic_int running;

static void take_slot(void) {
    sem_wait(&slots);
}

static void give_slot(void) {
    sem_post(&slots);
}

static void transfer(void) {
    if (atomic_fetch_add(&running, 1) == LIMIT)
        schedule_reach(TOO_MANY);
    else
        schedule_linger(TOO_MANY);
    atomic_fetch_sub(&running, 1);
}

static void download(bool reachable) {
    take_slot();
    if (reachable)
        transfer();
    else
        give_slot(); /* too early: the clean-up does it */
    give_slot();
}

static void *client(void *unused) {
    schedule_wait(ALL_EXIST);
    download(true);
    return unused;
}

int main(void) {
    pthread_t clients[CLIENTS];
    sem_init(&slots, 0, LIMIT);
    download(false);
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&clients[i], NULL, client, NULL);
    schedule_reach(ALL_EXIST);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    sem_destroy(&slots);
    printf("more than %d at once: %s\n", LIMIT, schedule_has(TOO_MANY) ? "yes" : "no");
    return schedule_has(TOO_MANY) ? 1 : 0;
}
