/* A cooperative task that moves to another thread, fixed: it holds no lock when it yields.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 832
 */
#include <pthread.h>
#include <stddef.h>
#include <ucontext.h>

#include "cases/schedule.h"

enum { REFUSED, ENDED };
enum { STACK_SIZE = 64 << 10 };

static ucontext_t scheduler, task;
static char task_stack[STACK_SIZE];
static pthread_mutex_t account_lock = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static int balance;

static void deposit(void) {
    pthread_mutex_lock(&account_lock);
    balance += 10;
    pthread_mutex_unlock(&account_lock);
    swapcontext(&task, &scheduler); /* yield */
    pthread_mutex_lock(&account_lock);
    balance += 5;
    if (pthread_mutex_unlock(&account_lock) != 0)
        schedule_reach(REFUSED);
}

static void start_task(void) {
    getcontext(&task);
    task.uc_stack.ss_sp = task_stack;
    task.uc_stack.ss_size = STACK_SIZE;
    task.uc_link = &scheduler;
    makecontext(&task, deposit, 0);
    swapcontext(&scheduler, &task);
}

static void *resume_task(void *unused) {
    swapcontext(&scheduler, &task);
    schedule_reach(ENDED);
    pause(); /* for more work */
    return unused;
}

int main(void) {
    pthread_t resumer;
    start_task();
    pthread_create(&resumer, NULL, resume_task, NULL);
    schedule_wait(ENDED);
    return schedule_has(REFUSED) ? 1 : 0;
}
