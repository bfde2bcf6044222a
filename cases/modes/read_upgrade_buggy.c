/* Upgrading a read lock: a reader that finds something missing wants to write, and still reads.
 *
 * A writer waits until all readers are gone, and one of them is the writer itself. ThreadSanitizer does not
 * watch threads that wait, so it hangs in silence.
 *
 * EXPECT gordian: deadlock.actual shape=self price_lock
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 */
#include <pthread.h>

static pthread_rwlock_t price_lock = PTHREAD_RWLOCK_INITIALIZER;
static int price; /* 0 when it is not known yet */

static int ask_price(void) {
    pthread_rwlock_rdlock(&price_lock); /* REPORTED */
    int known = price;
    if (known == 0) {
        pthread_rwlock_wrlock(&price_lock); /* REPORTED */
        price = 42;
        known = price;
    }
    pthread_rwlock_unlock(&price_lock);
    return known;
}

int main(void) {
    return ask_price() == 42 ? 0 : 1;
}
