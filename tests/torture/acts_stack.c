/* Items that leave the stack's usual ways: signals, contexts, jumps. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "tests/torture/machine.h"

#define STACK_SIZE (128u << 10)

/* ---- signals ---- */

static __thread struct worker *handled_by;
static __thread sigjmp_buf jump_out;

/* Only handlers take it, and each with its own signals blocked. */
static pthread_mutex_t handlers_own = PTHREAD_MUTEX_INITIALIZER;
static sem_t posted_by_handlers;

static void handler_that_locks(int number) {
    (void)number;
    int error = errno;
    pthread_mutex_lock(&handlers_own);
    handled_by->sum++;
    pthread_mutex_unlock(&handlers_own);
    errno = error;
}

static void handler_that_posts(int number) {
    (void)number;
    int error = errno;
    sem_post(&posted_by_handlers);
    sem_trywait(&posted_by_handlers);
    errno = error;
}

static void handler_that_jumps(int number) {
    (void)number;
    pthread_mutex_lock(&handlers_own);
    handled_by->sum++;
    pthread_mutex_unlock(&handlers_own);
    siglongjmp(jump_out, 1);
}

/* Signals that lock block each other. */
static void handle(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGUSR1);
    sigaddset(&action.sa_mask, SIGRTMIN);
    any_lock_must(sigaction(number, &action, NULL) ? errno : 0, "sigaction");
}

void act_signal(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item;
    struct machine *machine = worker->machine;
    stack_t own = {.ss_sp = malloc(STACK_SIZE), .ss_size = STACK_SIZE}, none = {.ss_flags = SS_DISABLE};
    any_lock_must(own.ss_sp ? 0 : ENOMEM, "malloc");
    any_lock_must(sigaltstack(&own, NULL) ? errno : 0, "sigaltstack");
    handle(SIGUSR1, handler_that_locks, SA_ONSTACK);
    handled_by = worker;
    struct any_lock *lock = &machine->locks[dice_throw(dice, machine->program->locks)];
    raise(SIGUSR1);
    any_lock_take(lock, false, dice);
    raise(SIGUSR1);
    any_lock_release(lock);
    any_lock_must(sigaltstack(&none, NULL) ? errno : 0, "sigaltstack");
    free(own.ss_sp);
}

void act_storm(struct worker *worker, const struct item *item, struct dice *dice) {
    handle(SIGUSR2, handler_that_posts, dice_throw(dice, 2) ? SA_RESTART : 0);
    machine_receive(worker, item, dice);
    pthread_t victim = worker->machine->workers[item->other].handle;
    for (uint32_t times = 20; times > 0; times--) {
        any_lock_must(pthread_kill(victim, SIGUSR2), "pthread_kill");
        sched_yield();
    }
    machine_answer(worker, item);
}

void act_stormed(struct worker *worker, const struct item *item, struct dice *dice) {
    dice_throw(dice, 2);
    machine_send(worker, item, dice);
    for (uint32_t times = dice_throw(dice, 20); times > 0; times--)
        machine_nest(worker, dice);
    machine_await_answer(worker, item);
}

/* ---- contexts ---- */

struct excursion {
    ucontext_t here, there;
    struct worker *worker;
    struct dice *dice;
    uint32_t held; /* index of the lock that is held across a switch */
    bool linked;   /* it ends by its link, else by setcontext */
};

static __thread struct excursion *excursion;

static void go_there(void) {
    struct excursion *e = excursion;
    struct machine *machine = e->worker->machine;
    machine_nest(e->worker, e->dice);
    any_lock_take(&machine->locks[e->held], false, e->dice);
    swapcontext(&e->there, &e->here);
    machine_nest_from(e->worker, e->dice, e->held + 1, 3);
    any_lock_release(&machine->locks[e->held]);
    if (!e->linked)
        setcontext(&e->here);
}

void act_context(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item;
    struct excursion e = {.worker = worker, .dice = dice, .linked = dice_throw(dice, 2)};
    void *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    any_lock_must(stack == MAP_FAILED ? errno : 0, "mmap");
    e.held = dice_throw(dice, worker->machine->program->locks);
    excursion = &e;
    getcontext(&e.there);
    e.there.uc_stack.ss_sp = stack;
    e.there.uc_stack.ss_size = STACK_SIZE;
    e.there.uc_link = &e.here;
    makecontext(&e.there, go_there, 0);
    swapcontext(&e.here, &e.there);
    machine_nest_from(worker, dice, e.held + 1, 3);
    swapcontext(&e.here, &e.there);
    munmap(stack, STACK_SIZE);
    worker->sum++;
}

/* ---- jumps ---- */

static __attribute__((noinline)) uint32_t jump_from_below(struct worker *worker, struct dice *dice,
                                                          uint32_t depth) {
    machine_nest(worker, dice);
    if (depth == 0)
        siglongjmp(jump_out, 1);
    return jump_from_below(worker, dice, depth - 1) + 1;
}

void act_jump(struct worker *worker, const struct item *item, struct dice *dice) {
    (void)item;
    volatile uint32_t from_handler = dice_throw(dice, 2);
    handled_by = worker;
    handle(SIGRTMIN, handler_that_jumps, 0);
    if (sigsetjmp(jump_out, 1) == 0) {
        if (from_handler)
            raise(SIGRTMIN);
        else
            jump_from_below(worker, dice, dice_throw(dice, 6));
    }
    machine_nest(worker, dice);
}
