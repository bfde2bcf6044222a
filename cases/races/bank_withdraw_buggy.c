/* Check, then act: two withdrawals of 80 from an account that holds 100.
 *
 * The balance is changed under the lock, but checked without it. Both threads see 100, both go on, and the
 * account ends at -60. The unlocked read races with the other thread's write.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race balance
 * EXPECT exit: 1
 * CWE: 367
 */
#include <pthread.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { ALICE_CHECKED, BOB_CHECKED };

static pthread_mutex_t balance_lock = PTHREAD_MUTEX_INITIALIZER;
static long balance = 100;

static void withdraw(long amount, int checked, int other_checked) {
    if (balance >= amount) { /* REPORTED */
        schedule_reach(checked);
        schedule_linger(other_checked);
        pthread_mutex_lock(&balance_lock);
        balance -= amount; /* REPORTED */
        pthread_mutex_unlock(&balance_lock);
    }
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
