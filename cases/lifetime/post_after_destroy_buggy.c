/* A semaphore that is gone: the pool is closed, and with it its semaphore, before the last job has reported.
 *
 * The job posts what does not exist any more. In memory that stays in place nobody notices; had it been freed
 * and used again, the post would change somebody else's data. ThreadSanitizer does not watch the lives of
 * semaphores.
 *
 * EXPECT gordian: misuse.use_destroyed job_done
 * EXPECT tsan: none
 * CWE: 672
 */
#include <pthread.h>
#include <semaphore.h>

#include "cases/schedule.h"

enum { CLOSED };

static sem_t job_done;
static int jobs;

static void open_pool(void) {
    sem_init(&job_done, 0, 0);
}

static void close_pool(void) {
    sem_destroy(&job_done); /* REPORTED */
    schedule_reach(CLOSED);
}

static void *run_job(void *unused) {
    jobs++;
    schedule_wait(CLOSED);
    sem_post(&job_done); /* REPORTED */
    return unused;
}

int main(void) {
    pthread_t job;
    open_pool();
    pthread_create(&job, NULL, run_job, NULL);
    close_pool();
    pthread_join(job, NULL);
    return jobs == 1 ? 0 : 1;
}
