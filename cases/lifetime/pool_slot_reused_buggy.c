/* A slot that stays: two threads use one slot of a pool at the same time, and lock it in two places of
 * their order.
 *
 * The painter locks the slot before the screen, the loader the screen before the slot. The locks are made
 * once, with the pool, and last as long.
 *
 * EXPECT gordian: deadlock.potential slot_lock screen_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { POOL_MADE, PAINTED };

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER; /* of who has the slot */
static pthread_mutex_t screen_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t slot_lock; /* the pool has one slot */
static int users, picture;

static void take_slot(void) {
    pthread_mutex_lock(&pool_lock);
    if (users++ == 0)
        pthread_mutex_init(&slot_lock, NULL);
    pthread_mutex_unlock(&pool_lock);
}

static void give_slot_back(void) {
    pthread_mutex_lock(&pool_lock);
    if (--users == 0)
        pthread_mutex_destroy(&slot_lock);
    pthread_mutex_unlock(&pool_lock);
}

static void *paint(void *unused) {
    schedule_wait(POOL_MADE);
    take_slot();
    pthread_mutex_lock(&slot_lock);   /* REPORTED */
    pthread_mutex_lock(&screen_lock); /* REPORTED */
    picture++;
    pthread_mutex_unlock(&screen_lock);
    pthread_mutex_unlock(&slot_lock);
    give_slot_back();
    schedule_reach(PAINTED);
    return unused;
}

static void *load(void *unused) {
    schedule_wait(PAINTED);
    take_slot();
    pthread_mutex_lock(&screen_lock); /* REPORTED */
    pthread_mutex_lock(&slot_lock);   /* REPORTED */
    picture--;
    pthread_mutex_unlock(&slot_lock);
    pthread_mutex_unlock(&screen_lock);
    give_slot_back();
    return unused;
}

int main(void) {
    pthread_t painter, loader;
    take_slot(); /* keeps it */
    pthread_create(&painter, NULL, paint, NULL);
    pthread_create(&loader, NULL, load, NULL);
    schedule_reach(POOL_MADE);
    pthread_join(painter, NULL);
    pthread_join(loader, NULL);
    give_slot_back();
    return picture;
}
