/* Two locks for what belongs together, fixed: one lock covers the shelf and the readers. A single lock has no
 * order.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, LENT };

static pthread_mutex_t books_lock = PTHREAD_MUTEX_INITIALIZER;
static int books_on_shelf = 3, books_with_readers;

static void *lend(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_mutex_lock(&books_lock);
    books_on_shelf--;
    books_with_readers++;
    pthread_mutex_unlock(&books_lock);
    schedule_reach(LENT);
    return unused;
}

static void *take_back(void *unused) {
    schedule_wait(LENT);
    pthread_mutex_lock(&books_lock);
    books_with_readers--;
    books_on_shelf++;
    pthread_mutex_unlock(&books_lock);
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
