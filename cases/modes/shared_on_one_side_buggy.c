/* One shared side that is not shared: the auditor locks the prices for writing, though it only looks.
 *
 * The shop reads the prices and then writes the stock. The auditor writes the stock and then wants the
 * prices. It waits for the shop's reader, and the shop waits for the stock.
 *
 * EXPECT gordian: deadlock.potential price_lock stock_lock
 * EXPECT tsan: lock-order-inversion
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
    pthread_rwlock_rdlock(&price_lock); /* REPORTED */
    pthread_mutex_lock(&stock_lock);    /* REPORTED */
    stock -= price;
    pthread_mutex_unlock(&stock_lock);
    pthread_rwlock_unlock(&price_lock);
    schedule_reach(SOLD);
    return unused;
}

static void *audit(void *unused) {
    schedule_wait(SOLD);
    pthread_mutex_lock(&stock_lock);    /* REPORTED */
    pthread_rwlock_wrlock(&price_lock); /* REPORTED */
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
