/* A ring of three, fixed: the archive too takes the locks in the order that the others follow, order before
 * invoice.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    pthread_mutex_lock(&order_lock);
    pthread_mutex_lock(&stock_lock);
    stock -= orders;
    pthread_mutex_unlock(&stock_lock);
    pthread_mutex_unlock(&order_lock);
    schedule_reach(RESERVED);
    return unused;
}

static void *bill(void *unused) {
    schedule_wait(RESERVED);
    pthread_mutex_lock(&stock_lock);
    pthread_mutex_lock(&invoice_lock);
    invoices += 5 - stock;
    pthread_mutex_unlock(&invoice_lock);
    pthread_mutex_unlock(&stock_lock);
    schedule_reach(BILLED);
    return unused;
}

static void *archive(void *unused) {
    schedule_wait(BILLED);
    pthread_mutex_lock(&order_lock);
    pthread_mutex_lock(&invoice_lock);
    orders -= invoices;
    pthread_mutex_unlock(&invoice_lock);
    pthread_mutex_unlock(&order_lock);
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
