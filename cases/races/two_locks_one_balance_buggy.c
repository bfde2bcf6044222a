/* One balance, two locks: deposits are made under one, withdrawals under another.
 *
 * Every access is under a lock, but not under the same one. A deposit keeps out other deposits, and lets in a
 * withdrawal between its read and its write. The withdrawal is lost.
 *
 * EXPECT gordian: none
 * EXPECT tsan: data-race balance
 * EXPECT exit: 1
 * CWE: 821
 */
#include <pthread.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { READ, WITHDRAWN };

static pthread_mutex_t deposit_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t withdrawal_lock = PTHREAD_MUTEX_INITIALIZER;
static long balance = 100;

static void *deposit(void *unused) {
    pthread_mutex_lock(&deposit_lock);
    long seen = balance; /* REPORTED */
    schedule_reach(READ);
    schedule_linger(WITHDRAWN);
    balance = seen + 50;
    pthread_mutex_unlock(&deposit_lock);
    return unused;
}

static void *withdraw(void *unused) {
    schedule_wait(READ);
    pthread_mutex_lock(&withdrawal_lock);
    balance -= 30; /* REPORTED */
    pthread_mutex_unlock(&withdrawal_lock);
    schedule_reach(WITHDRAWN);
    return unused;
}

int main(void) {
    pthread_t depositing, withdrawing;
    pthread_create(&depositing, NULL, deposit, NULL);
    pthread_create(&withdrawing, NULL, withdraw, NULL);
    pthread_join(depositing, NULL);
    pthread_join(withdrawing, NULL);
    printf("100 + 50 - 30: %ld\n", balance);
    return balance == 120 ? 0 : 1;
}
