/* Signal handlers that take locks, at any moment, on any stack, and leave by a jump. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/interpose/programs/cases.h"

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t handlers_own = PTHREAD_MUTEX_INITIALIZER, handlers_other = PTHREAD_MUTEX_INITIALIZER;
static volatile sig_atomic_t signals;

static void handle(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigaction(number, &action, NULL);
}

static void every(long us) {
    struct itimerval timer = {{0, us}, {0, us}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* ---- locks in a handler, in the middle of anything ---- */

static __attribute__((noinline)) void try_both_at(int depth) {
    if (depth > 0) {
        try_both_at(depth - 1);
        __asm__ volatile("" ::: "memory");
        return;
    }
    if (pthread_mutex_trylock(&handlers_own) != 0)
        return;
    if (pthread_mutex_trylock(&handlers_other) == 0)
        pthread_mutex_unlock(&handlers_other);
    pthread_mutex_unlock(&handlers_own);
}

static void try_both(int number) {
    (void)number;
    int before = errno;
    signals++;
    try_both_at((int)signals % 7);
    errno = before;
}

static void *lock_and_make_locks(void *unused) {
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    for (int i = 0; i < 20000 || signals < 500; i++) {
        pthread_mutex_t made;
        pthread_mutex_lock(&own);
        pthread_mutex_lock(&left);
        pthread_mutex_lock(&right);
        pthread_mutex_unlock(&right);
        pthread_mutex_unlock(&left);
        pthread_mutex_unlock(&own);
        pthread_mutex_init(&made, NULL);
        pthread_mutex_lock(&made);
        pthread_mutex_lock(&left);
        pthread_mutex_unlock(&left);
        pthread_mutex_unlock(&made);
        pthread_mutex_destroy(&made);
    }
    return unused;
}

static void storm(void) {
    pthread_t threads[2];
    handle(SIGALRM, try_both, SA_RESTART);
    every(500);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, lock_and_make_locks, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    every(0);
    printf("free: %d %d\n", pthread_mutex_trylock(&handlers_own) == 0, pthread_mutex_trylock(&left) == 0);
}

/* ---- a handler that jumps out of whatever it interrupted ---- */

static sigjmp_buf back;
static volatile sig_atomic_t may_jump;

static void jump(int number) {
    (void)number;
    if (may_jump) {
        may_jump = 0;
        siglongjmp(back, 1);
    }
}

static void left_right(int number) {
    (void)number;
    pthread_mutex_lock(&left);
    pthread_mutex_lock(&right);
    pthread_mutex_unlock(&right);
    pthread_mutex_unlock(&left);
}

static atomic_bool left_right_is_over;

static void *wait_then_right_left(void *unused) {
    while (!left_right_is_over)
        usleep(1000);
    pthread_mutex_lock(&right);
    pthread_mutex_lock(&left);
    pthread_mutex_unlock(&left);
    pthread_mutex_unlock(&right);
    return unused;
}

/* Still at work after 200 jumps out of the making and taking of locks: it finds the two orders. */
static void jumps(void) {
    static pthread_t thread;
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    handle(SIGALRM, jump, 0);
    /* The jump leads into this thread's stack: no other may get the signal. */
    pthread_sigmask(SIG_BLOCK, &alarm, NULL);
    pthread_create(&thread, NULL, wait_then_right_left, NULL);
    pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
    for (volatile int i = 0; i < 200; i++) {
        if (sigsetjmp(back, 1) == 0) {
            may_jump = 1;
            ualarm((useconds_t)(50 + i * 7), 0);
            while (may_jump) {
                pthread_mutex_t made;
                pthread_mutex_init(&made, NULL);
                pthread_mutex_lock(&made);
                pthread_mutex_unlock(&made);
                pthread_mutex_destroy(&made);
            }
        }
        ualarm(0, 0);
    }
    /* Not before: the signal would go to either thread, and a jump into another's stack is the program's own
     * fault. */
    pthread_create(&thread, NULL, wait_then_right_left, NULL);
    left_right(0);
    left_right_is_over = true;
    pthread_join(thread, NULL);
    puts("still here");
}

/* ---- a handler on a stack of its own ---- */

static void on_its_own_stack(void) {
    pthread_t thread;
    stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
    sigaltstack(&stack, NULL);
    handle(SIGUSR1, left_right, SA_ONSTACK);
    pthread_create(&thread, NULL, wait_then_right_left, NULL);
    for (int i = 0; i < 100; i++)
        raise(SIGUSR1);
    left_right_is_over = true;
    pthread_join(thread, NULL);
    puts("done");
}

/* ---- what a lock in a handler costs ---- */

static void lock_and_unlock(int number) {
    (void)number;
    pthread_mutex_lock(&handlers_own);
    pthread_mutex_unlock(&handlers_own);
}

static void *nothing(void *unused) {
    return unused;
}

/* Prints the nanoseconds of processor time that a signal takes whose handler takes a lock. */
static void cost(void) {
    enum { RAISED = 20000 };
    pthread_t thread;
    struct timespec begin, end;
    pthread_create(&thread, NULL, nothing, NULL);
    pthread_join(thread, NULL);
    handle(SIGUSR1, lock_and_unlock, 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    for (int i = 0; i < RAISED; i++)
        raise(SIGUSR1);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    printf("%lld\n",
           ((long long)(end.tv_sec - begin.tv_sec) * 1000000000 + end.tv_nsec - begin.tv_nsec) / RAISED);
}

static const struct cases_case cases[] = {
    {"storm", storm}, {"jumps", jumps}, {"on_its_own_stack", on_its_own_stack}, {"cost", cost}};

CASES_MAIN(cases)
