/* A nested monitor, fixed: the shop is left before waiting. Nothing is held but the lock that the wait gives
 * back.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 833
 */
#include <pthread.h>
#include <stddef.h>

#include "cases/schedule.h"

enum { WAITS_FOR_GOODS };

static pthread_mutex_t shop_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t shelf_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t goods_came = PTHREAD_COND_INITIALIZER;
static int goods, visitors;

static void *buy(void *unused) {
    pthread_mutex_lock(&shop_lock);
    visitors++;
    pthread_mutex_unlock(&shop_lock);
    pthread_mutex_lock(&shelf_lock);
    schedule_reach(WAITS_FOR_GOODS);
    while (goods == 0)
        pthread_cond_wait(&goods_came, &shelf_lock);
    goods--;
    pthread_mutex_unlock(&shelf_lock);
    return unused;
}

static void *supply(void *unused) {
    schedule_wait(WAITS_FOR_GOODS);
    pthread_mutex_lock(&shop_lock);
    pthread_mutex_lock(&shelf_lock);
    goods++;
    pthread_cond_signal(&goods_came);
    pthread_mutex_unlock(&shelf_lock);
    visitors++;
    pthread_mutex_unlock(&shop_lock);
    return unused;
}

int main(void) {
    pthread_t buyer, supplier;
    pthread_create(&buyer, NULL, buy, NULL);
    pthread_create(&supplier, NULL, supply, NULL);
    pthread_join(buyer, NULL);
    pthread_join(supplier, NULL);
    return visitors == 2 ? 0 : 1;
}
