/* A ring of three: order before stock, stock before invoice, invoice before order.
 *
 * No two of the threads disagree about two locks; only all three together close the ring. They run one after
 * another here, so nothing blocks, and the report must come from the three orders.
 *
 * EXPECT gordian: deadlock.potential order_lock stock_lock invoice_lock
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { ALL_EXIST, RESERVED, BILLED };

static pthread_mutex_t order_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t stock_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t invoice_lock = PTHREAD_MUTEX_INITIALIZER;
static int orders = 1, stock = 5, invoices;

static void *reserve(void *unused) {
    schedule_wait(ALL_EXIST);
    pthread_mutex_lock(&order_lock); /* REPORTED */
    pthread_mutex_lock(&stock_lock); /* REPORTED */
    stock -= orders;
    pthread_mutex_unlock(&stock_lock);
    pthread_mutex_unlock(&order_lock);
    schedule_reach(RESERVED);
    return unused;
}

static void *bill(void *unused) {
    schedule_wait(RESERVED);
    pthread_mutex_lock(&stock_lock);   /* REPORTED */
    pthread_mutex_lock(&invoice_lock); /* REPORTED */
    invoices += 5 - stock;
    pthread_mutex_unlock(&invoice_lock);
    pthread_mutex_unlock(&stock_lock);
    schedule_reach(BILLED);
    return unused;
}

static void *archive(void *unused) {
    schedule_wait(BILLED);
    pthread_mutex_lock(&invoice_lock); /* REPORTED */
    pthread_mutex_lock(&order_lock);   /* REPORTED */
    orders -= invoices;
    pthread_mutex_unlock(&order_lock);
    pthread_mutex_unlock(&invoice_lock);
    return unused;
}

int main(void) {
    pthread_t reserver, biller, archiver;
    pthread_create(&reserver, NULL, reserve, NULL);
    pthread_create(&biller, NULL, bill, NULL);
    pthread_create(&archiver, NULL, archive, NULL);
    schedule_reach(ALL_EXIST);
    pthread_join(reserver, NULL);
    pthread_join(biller, NULL);
    pthread_join(archiver, NULL);
    return orders;
}
