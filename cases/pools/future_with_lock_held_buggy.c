/* A result is waited for with a lock held that the task needs: interest is computed in the background, and
 * booked while the account is locked.
 *
 * The main thread locks the account, hands the computation to the worker, and waits for its result. The
 * computation locks the account to read the balance. The worker waits for the lock, the owner of the lock for
 * the worker. No two locks are taken in opposite orders; ThreadSanitizer does not watch threads that wait and
 * hangs in silence.
 *
 * EXPECT gordian: hang.all_blocked account_lock result_ready
 * EXPECT tsan: none
 * EXPECT exit: never
 * CWE: 833
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

static pthread_mutex_t account_lock = PTHREAD_MUTEX_INITIALIZER;
static long balance = 1000;

static pthread_mutex_t future_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked = PTHREAD_COND_INITIALIZER;
static pthread_cond_t result_ready = PTHREAD_COND_INITIALIZER;
static bool is_asked, is_ready;
static long result;

static long compute_interest(void) {
    pthread_mutex_lock(&account_lock); /* REPORTED */
    long interest = balance / 100;
    pthread_mutex_unlock(&account_lock);
    return interest;
}

static void *work(void *unused) {
    pthread_mutex_lock(&future_lock);
    while (!is_asked)
        pthread_cond_wait(&asked, &future_lock);
    pthread_mutex_unlock(&future_lock);
    long interest = compute_interest();
    pthread_mutex_lock(&future_lock);
    result = interest;
    is_ready = true;
    pthread_cond_signal(&result_ready);
    pthread_mutex_unlock(&future_lock);
    return unused;
}

static long ask_for_interest(void) {
    pthread_mutex_lock(&future_lock);
    is_asked = true;
    pthread_cond_signal(&asked);
    while (!is_ready)
        pthread_cond_wait(&result_ready, &future_lock); /* REPORTED */
    long interest = result;
    pthread_mutex_unlock(&future_lock);
    return interest;
}

static void book_interest(void) {
    pthread_mutex_lock(&account_lock); /* REPORTED */
    long interest = ask_for_interest();
    balance += interest;
    pthread_mutex_unlock(&account_lock);
}

int main(void) {
    pthread_t worker;
    pthread_create(&worker, NULL, work, NULL);
    book_interest();
    pthread_join(worker, NULL);
    return balance == 1010 ? 0 : 1;
}
