/* One shared side, fixed: the auditor reads the prices, too. Both take the stock for themselves, in opposite
 * orders, but the auditor never waits for the other reader of the prices, so the ring stays open. With the
 * default kind, a waiting writer does not stop a reader either. ThreadSanitizer does not tell readers from
 * writers and cries wolf.
 *
 * EXPECT gordian: none
 * EXPECT tsan: lock-order-inversion wrongly
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, SOLD };

static pthread_rwlock_t price_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t stock_lock = PTHREAD_MUTEX_INITIALIZER;
static int price = 5, stock = 5;

static void *sell(void *unused) {
    schedule_wait(BOTH_EXIST);
    pthread_rwlock_rdlock(&price_lock);
    pthread_mutex_lock(&stock_lock);
    stock -= price;
    pthread_mutex_unlock(&stock_lock);
    pthread_rwlock_unlock(&price_lock);
    schedule_reach(SOLD);
    return unused;
}

static void *audit(void *unused) {
    schedule_wait(SOLD);
    pthread_mutex_lock(&stock_lock);
    pthread_rwlock_rdlock(&price_lock);
    stock += price;
    pthread_rwlock_unlock(&price_lock);
    pthread_mutex_unlock(&stock_lock);
    return unused;
}

int main(void) {
    pthread_t shop, auditor;
    pthread_create(&shop, NULL, sell, NULL);
    pthread_create(&auditor, NULL, audit, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(shop, NULL);
    pthread_join(auditor, NULL);
    return stock == 5 ? 0 : 1;
}
