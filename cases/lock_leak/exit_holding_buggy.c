/* A thread that ends inside: pthread_exit leaves the thread from within the critical section.
 *
 * Nobody wants the mutex after that, so nothing hangs in this run; the next one to want it would.
 * ThreadSanitizer does not look at what an ending thread holds.
 *
 * EXPECT gordian: misuse.exit_holding queue_lock
 * EXPECT tsan: none
 * CWE: 667
 */
#include <pthread.h>

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static int jobs = 2;

static void take_job(void) {
    pthread_mutex_lock(&queue_lock); /* REPORTED */
    if (jobs == 0)
        pthread_exit(NULL);
    jobs--;
    pthread_mutex_unlock(&queue_lock);
}

static void *work(void *unused) {
    for (int i = 0; i < 3; i++)
        take_job();
    return unused;
}

int main(void) {
    pthread_t worker;
    pthread_create(&worker, NULL, work, NULL);
    pthread_join(worker, NULL);
    return jobs;
}
