/* Transfers in both directions: each locks the account it takes from, then the account it gives to.
 *
 * One transfer from Alice to Bob and one from Bob to Alice at the same time: each holds one account and
 * waits for the other. The order looks the same in the code, it is the arguments that reverse it. The
 * deadlock happens in every run. ThreadSanitizer reports an inversion only after both orders have been taken
 * in full, so here it hangs in silence.
 *
 * EXPECT gordian: deadlock.actual shape=cycle alice bob
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 */
#include <pthread.h>

#include "cases/schedule.h"

enum { ALICE_LOCKED, BOB_LOCKED };

struct account {
    pthread_mutex_t lock;
    int locked; /* step of the schedule */
    long balance;
};

static struct account alice = {PTHREAD_MUTEX_INITIALIZER, ALICE_LOCKED, 100};
static struct account bob = {PTHREAD_MUTEX_INITIALIZER, BOB_LOCKED, 100};

static void transfer(struct account *from, struct account *to, long amount) {
    struct account *first = from;
    struct account *second = to;
    pthread_mutex_lock(&first->lock); /* REPORTED */
    schedule_reach(first->locked);
    schedule_linger(second->locked);
    pthread_mutex_lock(&second->lock); /* REPORTED */
    from->balance -= amount;
    to->balance += amount;
    pthread_mutex_unlock(&second->lock);
    pthread_mutex_unlock(&first->lock);
}

static void *pay_rent(void *unused) {
    transfer(&alice, &bob, 30);
    return unused;
}

static void *pay_back(void *unused) {
    transfer(&bob, &alice, 20);
    return unused;
}

int main(void) {
    pthread_t rent, back;
    pthread_create(&rent, NULL, pay_rent, NULL);
    pthread_create(&back, NULL, pay_back, NULL);
    pthread_join(rent, NULL);
    pthread_join(back, NULL);
    return alice.balance + bob.balance == 200 ? 0 : 1;
}
