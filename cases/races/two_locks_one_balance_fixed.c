/* One balance, one lock, fixed: deposits and withdrawals keep each other out.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 821
 */
#include <pthread.h>
#include <stdio.h>

#include "cases/schedule.h"

enum { READ, WITHDRAWN };

static pthread_mutex_t balance_lock = PTHREAD_MUTEX_INITIALIZER;
static long balance = 100;

static void *deposit(void *unused) {
    pthread_mutex_lock(&balance_lock);
    long seen = balance;
    schedule_reach(READ);
    schedule_linger(WITHDRAWN);
    balance = seen + 50;
    pthread_mutex_unlock(&balance_lock);
    return unused;
}

static void *withdraw(void *unused) {
    schedule_wait(READ);
    pthread_mutex_lock(&balance_lock);
    balance -= 30;
    pthread_mutex_unlock(&balance_lock);
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
