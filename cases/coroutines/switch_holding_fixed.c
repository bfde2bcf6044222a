/* Two cooperative tasks on one thread, fixed: the lock is given back before the switch.
 *
 * EXPECT gordian: none
 * EXPECT tsan: none
 * CWE: 764
 */
#include <pthread.h>
#include <stddef.h>
#include <ucontext.h>

enum { STACK_SIZE = 64 << 10 };

static ucontext_t scheduler, first_task, second_task;
static char first_stack[STACK_SIZE], second_stack[STACK_SIZE];
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static int words;

static void write_first(void) {
    pthread_mutex_lock(&log_lock);
    words++;
    pthread_mutex_unlock(&log_lock);
    swapcontext(&first_task, &second_task);
    pthread_mutex_lock(&log_lock);
    words++;
    pthread_mutex_unlock(&log_lock);
}

static void write_second(void) {
    pthread_mutex_lock(&log_lock);
    words++;
    pthread_mutex_unlock(&log_lock);
    swapcontext(&second_task, &first_task);
}

static void make_task(ucontext_t *task, void (*run)(void), char *stack) {
    getcontext(task);
    task->uc_stack.ss_sp = stack;
    task->uc_stack.ss_size = STACK_SIZE;
    task->uc_link = &scheduler;
    makecontext(task, run, 0);
}

int main(void) {
    make_task(&first_task, write_first, first_stack);
    make_task(&second_task, write_second, second_stack);
    swapcontext(&scheduler, &first_task);
    return words == 3 ? 0 : 1;
}
