/* A lock that is not fair, fixed: whoever comes takes a ticket, and the lock is handed over in the order of
 * the tickets.
 *
 * EXPECT options: starvation_overtakes=50 starvation_ms=20
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 400
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { JOB_US = 500, JOBS = 400, TOO_OFTEN = 200, ATTEMPTS = 20 };

static pthread_mutex_t press_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t next_ticket = PTHREAD_COND_INITIALIZER;
static int tickets, served;
static atomic_int jobs_done;
static atomic_bool is_served;
static int overtaken;

static void take_press(void) {
    pthread_mutex_lock(&press_lock);
    int ticket = tickets++;
    while (ticket != served)
        pthread_cond_wait(&next_ticket, &press_lock);
    pthread_mutex_unlock(&press_lock);
}

static void give_press(void) {
    pthread_mutex_lock(&press_lock);
    served++;
    pthread_cond_broadcast(&next_ticket);
    pthread_mutex_unlock(&press_lock);
}

static void *print_large_job(void *unused) {
    for (int i = 0; i < JOBS && !is_served; i++) {
        take_press();
        usleep(JOB_US);
        jobs_done++;
        give_press();
    }
    return unused;
}

/* Shares a processor with the other, and as a batch job does not interrupt it when it is woken. */
static void *print_one_page(void *unused) {
    const struct sched_param no_priority = {0};
    sched_setscheduler(0, SCHED_BATCH, &no_priority);
    while (jobs_done == 0)
        usleep(JOB_US);
    int before = jobs_done;
    take_press();
    overtaken = jobs_done - before;
    is_served = true;
    give_press();
    return unused;
}

static void use_one_processor(void) {
    cpu_set_t processors;
    CPU_ZERO(&processors);
    CPU_SET(sched_getcpu(), &processors);
    sched_setaffinity(0, sizeof processors, &processors);
}

int main(void) {
    use_one_processor();
    for (int i = 0; i < ATTEMPTS && overtaken < TOO_OFTEN; i++) {
        pthread_t large, small;
        jobs_done = 0;
        is_served = false;
        pthread_create(&large, NULL, print_large_job, NULL);
        pthread_create(&small, NULL, print_one_page, NULL);
        pthread_join(large, NULL);
        pthread_join(small, NULL);
    }
    printf("one page waited for %s jobs\n", overtaken < TOO_OFTEN ? "a few" : "200 and more");
    return overtaken < TOO_OFTEN ? 0 : 1;
}
