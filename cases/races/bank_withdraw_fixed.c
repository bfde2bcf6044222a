/* Check, then act, fixed: the lock is held from the check to the withdrawal. The second thread finds 20 and
 * goes away.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 367
 */
#include <pthread.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { ALICE_CHECKED, BOB_CHECKED };

static pthread_mutex_t balance_lock = PTHREAD_MUTEX_INITIALIZER;
static long balance = 100;

static void withdraw(long amount, int checked, int other_checked) {
    pthread_mutex_lock(&balance_lock);
    if (balance >= amount) {
        schedule_reach(checked);
        schedule_linger(other_checked);
        balance -= amount;
    }
    pthread_mutex_unlock(&balance_lock);
}

static void *alice(void *unused) {
    withdraw(80, ALICE_CHECKED, BOB_CHECKED);
    return unused;
}

static void *bob(void *unused) {
    withdraw(80, BOB_CHECKED, ALICE_CHECKED);
    return unused;
}

int main(void) {
    pthread_t a, b;
    pthread_create(&a, NULL, alice, NULL);
    pthread_create(&b, NULL, bob, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("balance: %ld\n", balance);
    return balance >= 0 ? 0 : 1;
}
