/* A cooperative task that moves to another thread with a lock held, and gives the lock back there.
 *
 * The task takes the account's lock and yields. A scheduler with two threads continues it on the other one,
 * where it unlocks a mutex that this thread never took. The mutex checks its owner, as this one does, and
 * refuses: the lock stays with a thread that knows nothing of it. A plain one would let it pass, which the
 * standard leaves open.
 *
 * EXPECT gordian: misuse.unlock_not_owner account_lock
 * EXPECT tsan: unlock-unlocked
 * EXPECT exit: 1
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
    pthread_mutex_lock(&account_lock); /* REPORTED BY gordian */
    balance += 10;
    swapcontext(&task, &scheduler); /* yield */
    balance += 5;
    if (pthread_mutex_unlock(&account_lock) != 0) /* REPORTED */
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
