/* A nested monitor: a wait gives back its own lock, and keeps the one around it.
 *
 * Whoever takes from the shelf locks the shop, then the shelf, and waits for goods. The wait gives back the
 * shelf alone. The supplier needs the shop's lock to come in, so it can never bring what the other waits for.
 * No two locks are taken in opposite orders, so there is nothing to predict; ThreadSanitizer does not watch
 * threads that wait and hangs in silence.
 *
 * EXPECT gordian: hang.all_blocked shop_lock goods_came
 * EXPECT tsan: none
 * EXPECT exit: never
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
    pthread_mutex_lock(&shop_lock); /* REPORTED */
    visitors++;
    pthread_mutex_lock(&shelf_lock);
    schedule_reach(WAITS_FOR_GOODS);
    while (goods == 0)
        pthread_cond_wait(&goods_came, &shelf_lock); /* REPORTED */
    goods--;
    pthread_mutex_unlock(&shelf_lock);
    pthread_mutex_unlock(&shop_lock);
    return unused;
}

static void *supply(void *unused) {
    schedule_wait(WAITS_FOR_GOODS);
    pthread_mutex_lock(&shop_lock); /* REPORTED */
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
    pthread_join(buyer, NULL); /* REPORTED */
    pthread_join(supplier, NULL);
    return visitors == 2 ? 0 : 1;
}
