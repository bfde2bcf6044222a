/* A semaphore that is gone, fixed: the pool is closed when its last job has ended.
 *
 * EXPECT gordian: none
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
    sem_destroy(&job_done);
    schedule_reach(CLOSED);
}

static void *run_job(void *unused) {
    jobs++;
    sem_post(&job_done);
    return unused;
}

int main(void) {
    pthread_t job;
    open_pool();
    pthread_create(&job, NULL, run_job, NULL);
    pthread_join(job, NULL);
    close_pool();
    return jobs == 1 ? 0 : 1;
}
