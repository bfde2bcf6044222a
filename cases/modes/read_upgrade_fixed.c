/* Upgrading a read lock, fixed: the reader gives the lock back before it takes it for writing, and looks
 * again, since another may have been faster.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>

static pthread_rwlock_t price_lock = PTHREAD_RWLOCK_INITIALIZER;
static int price; /* 0 when it is not known yet */

static int ask_price(void) {
    pthread_rwlock_rdlock(&price_lock);
    int known = price;
    if (known == 0) {
        pthread_rwlock_unlock(&price_lock);
        pthread_rwlock_wrlock(&price_lock);
        if (price == 0)
            price = 42;
        known = price;
    }
    pthread_rwlock_unlock(&price_lock);
    return known;
}

int main(void) {
    return ask_price() == 42 ? 0 : 1;
}
