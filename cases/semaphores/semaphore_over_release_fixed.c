/* A limit that grows, fixed: a bounded semaphore. What is given back is compared with the limit, and a slot
 * that nobody can have taken is refused.
 *
 * All slots are given back under one lock, so the number of free slots can only fall between the check and
 * the post.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int running;

static void take_slot(void) {
    sem_wait(&slots);
}

static void give_slot(void) {
    int free_slots;
    pthread_mutex_lock(&slots_lock);
    sem_getvalue(&slots, &free_slots);
    if (free_slots < LIMIT)
        sem_post(&slots);
    pthread_mutex_unlock(&slots_lock);
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
