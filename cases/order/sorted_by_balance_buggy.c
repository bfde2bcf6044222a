/* Sorted by what changes: a transfer locks the poorer account first.
 *
 * A fixed order of all accounts is the right idea, but the balance is no fixed order: the first transfer
 * makes the poorer account the richer one, and so the next one locks the other way round. ThreadSanitizer
 * sees the same two lock calls in both orders.
 *
 * EXPECT gordian: deadlock.potential rent_account food_account
 * EXPECT tsan: lock-order-inversion
 * CWE: 833
 */
#include <pthread.h>
#include <stdatomic.h>

#include "cases/schedule.h"

enum { BOTH_EXIST, MOVED };

struct account {
    pthread_mutex_t lock;
    atomic_long balance; /* read without the lock, to sort by it */
};

static struct account rent_account = {PTHREAD_MUTEX_INITIALIZER, 10};
static struct account food_account = {PTHREAD_MUTEX_INITIALIZER, 90};

static long rank(struct account *account) {
    return atomic_load_explicit(&account->balance, memory_order_relaxed);
}

static void transfer(struct account *from, struct account *to, long amount) {
    struct account *first = rank(from) < rank(to) ? from : to;
    struct account *second = first == from ? to : from;
    pthread_mutex_lock(&first->lock);  /* REPORTED */
    pthread_mutex_lock(&second->lock); /* REPORTED */
    from->balance -= amount;
    to->balance += amount;
    pthread_mutex_unlock(&second->lock);
    pthread_mutex_unlock(&first->lock);
}

static void *save_up(void *unused) {
    schedule_wait(BOTH_EXIST);
    transfer(&food_account, &rent_account, 70);
    schedule_reach(MOVED);
    return unused;
}

static void *shop(void *unused) {
    schedule_wait(MOVED);
    transfer(&rent_account, &food_account, 50);
    return unused;
}

int main(void) {
    pthread_t saver, shopper;
    pthread_create(&saver, NULL, save_up, NULL);
    pthread_create(&shopper, NULL, shop, NULL);
    schedule_reach(BOTH_EXIST);
    pthread_join(saver, NULL);
    pthread_join(shopper, NULL);
    return rent_account.balance + food_account.balance == 100 ? 0 : 1;
}
