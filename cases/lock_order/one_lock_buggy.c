/* Two locks for what belongs together: lending takes the shelf and then the readers, returning the readers
 * and then the shelf.
 *
 * Neither function ever needs one of the two alone, so the second lock brings no speed. It only brings a
 * second order. This run ends well, as the lender is done before the returner starts.
 *
 * EXPECT gordian: deadlock.potential shelf_lock readers_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, LENT };

static pthread_mutex_t shelf_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t readers_lock = PTHREAD_MUTEX_INITIALIZER;
static int books_on_shelf = 3, books_with_readers;

static void *lend(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&shelf_lock);   /* REPORTED */
    pthread_mutex_lock(&readers_lock); /* REPORTED */
    books_on_shelf--;
    books_with_readers++;
    pthread_mutex_unlock(&readers_lock);
    pthread_mutex_unlock(&shelf_lock);
    schedule_reach(LENT);
    return unused;
}

static void *take_back(void *unused) {
    schedule_wait(LENT);
    pthread_mutex_lock(&readers_lock); /* REPORTED */
    pthread_mutex_lock(&shelf_lock);   /* REPORTED */
    books_with_readers--;
    books_on_shelf++;
    pthread_mutex_unlock(&shelf_lock);
    pthread_mutex_unlock(&readers_lock);
    return unused;
}

int main(void) {
    pthread_t lender, returner;
    pthread_create(&lender, NULL, lend, NULL);
    pthread_create(&returner, NULL, take_back, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(lender, NULL);
    pthread_join(returner, NULL);
    return books_on_shelf == 3 && books_with_readers == 0 ? 0 : 1;
}
