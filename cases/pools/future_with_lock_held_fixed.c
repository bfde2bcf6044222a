/* A result is waited for with a lock held that the task needs, fixed: the account is locked when the result
 * is there.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
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
    pthread_mutex_lock(&account_lock);
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
        pthread_cond_wait(&result_ready, &future_lock);
    long interest = result;
    pthread_mutex_unlock(&future_lock);
    return interest;
}

static void book_interest(void) {
    long interest = ask_for_interest();
    pthread_mutex_lock(&account_lock);
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
