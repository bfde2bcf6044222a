/* Locked twice by the same thread: a withdrawal locks the account, then asks a security check that locks it
 * too.
 *
 * A plain mutex cannot be taken again by the thread that holds it: the thread waits for itself.
 * ThreadSanitizer would report the second lock once it is taken, which never happens, so it hangs in
 * silence.
 *
 * EXPECT gordian: deadlock.actual shape=self account_lock
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 764
 */
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t account_lock = PTHREAD_MUTEX_INITIALIZER;
static long balance = 100;

static bool is_covered(long amount) {
    pthread_mutex_lock(&account_lock); /* REPORTED */
    bool covered = amount <= balance;
    pthread_mutex_unlock(&account_lock);
    return covered;
}

static void withdraw(long amount) {
    pthread_mutex_lock(&account_lock); /* REPORTED */
    if (is_covered(amount))
        balance -= amount;
    pthread_mutex_unlock(&account_lock);
}

int main(void) {
    withdraw(30);
    return balance == 70 ? 0 : 1;
}
