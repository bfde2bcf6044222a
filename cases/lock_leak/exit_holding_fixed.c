/* A thread that ends inside, fixed: it gives the mutex back and then ends.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 667
 */
#include <pthread.h>

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static int jobs = 2;

static void take_job(void) {
    pthread_mutex_lock(&queue_lock);
    int left = jobs;
    jobs -= left > 0;
    pthread_mutex_unlock(&queue_lock);
    if (left == 0)
        pthread_exit(NULL);
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
