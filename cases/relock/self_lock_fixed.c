/* Locked twice, fixed: the check expects the lock to be held, and leaves it alone.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 764
 */
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t account_lock = PTHREAD_MUTEX_INITIALIZER;
static long balance = 100;

/* Requires that account_lock is held. */
static bool is_covered(long amount) {
    bool covered = amount <= balance;
    return covered;
}

static void withdraw(long amount) {
    pthread_mutex_lock(&account_lock);
    if (is_covered(amount))
        balance -= amount;
    pthread_mutex_unlock(&account_lock);
}

int main(void) {
    withdraw(30);
    return balance == 70 ? 0 : 1;
}
