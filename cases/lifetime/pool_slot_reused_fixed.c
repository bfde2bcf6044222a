/* A slot that is given back, fixed: who takes the slot makes its lock, and destroys it when done. The next
 * one has another lock in the same memory, so the two orders are of different locks. The pool's own lock
 * keeps the two apart.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    users++;
    pthread_mutex_init(&slot_lock, NULL);
    pthread_mutex_unlock(&pool_lock);
}

static void give_slot_back(void) {
    pthread_mutex_lock(&pool_lock);
    users--;
    pthread_mutex_destroy(&slot_lock);
    pthread_mutex_unlock(&pool_lock);
}

static void *paint(void *unused) {
    schedule_wait(POOL_MADE);
    take_slot();
    pthread_mutex_lock(&slot_lock);
    pthread_mutex_lock(&screen_lock);
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
    pthread_mutex_lock(&screen_lock);
    pthread_mutex_lock(&slot_lock);
    picture--;
    pthread_mutex_unlock(&slot_lock);
    pthread_mutex_unlock(&screen_lock);
    give_slot_back();
    return unused;
}

int main(void) {
    pthread_t painter, loader;
    pthread_create(&painter, NULL, paint, NULL);
    pthread_create(&loader, NULL, load, NULL);
    schedule_reach(POOL_MADE);
    pthread_join(painter, NULL);
    pthread_join(loader, NULL);
    return picture;
}
