/* Locks and signal handlers: a handler interrupts the thread that it needs. */
#define _GNU_SOURCE
#include <semaphore.h>
#include <signal.h>
#include <sys/time.h>

#include "tests/e2e/programs/kinds.h"

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static sem_t event;
static volatile sig_atomic_t handled;

static void on_signal(int number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    REQUIRE(sigaction(number, &action, NULL) == 0);
}

static void take_left_in_handler(int number) {
    (void)number;
    pthread_mutex_lock(&left); /* REPORTED: wants left */
    pthread_mutex_unlock(&left);
    handled++;
}

static void take_right_in_handler(int number) {
    (void)number;
    pthread_mutex_lock(&right);
    pthread_mutex_unlock(&right);
    handled++;
}

static void try_left_in_handler(int number) {
    (void)number;
    if (pthread_mutex_trylock(&left) == 0)
        pthread_mutex_unlock(&left);
    handled++;
}

static void take_left(void) {
    pthread_mutex_lock(&left); /* REPORTED: holds left */
    pthread_mutex_unlock(&left);
}

static void block(int number, int how) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(how, &set, NULL);
}

static void take_left_undisturbed(void) {
    block(SIGUSR1, SIG_BLOCK);
    pthread_mutex_lock(&left);
    raise(SIGUSR1);
    pthread_mutex_unlock(&left);
    REQUIRE(handled == 0);
    block(SIGUSR1, SIG_UNBLOCK);
}

static void idle(void) {
    await(1);
}

/* With a second thread: before there is one, nothing is looked at. */
static void prepare(void (*handler)(int)) {
    on_signal(SIGUSR1, handler);
    start(idle);
}

static void finish_all(int times) {
    REQUIRE(handled == times);
    reach();
    finish(&actors[0]);
}

static void handler_first(void) {
    prepare(take_left_in_handler);
    raise(SIGUSR1);
    take_left();
    finish_all(1);
}

static void handler_last(void) {
    prepare(take_left_in_handler);
    take_left();
    raise(SIGUSR1);
    finish_all(1);
}

static void send_to_oneself(void) {
    pthread_kill(pthread_self(), SIGUSR1);
}

/* Another thread was interrupted, but it could have been any. */
static void handler_in_another_thread(void) {
    prepare(take_left_in_handler);
    finish(start(send_to_oneself));
    take_left();
    finish_all(1);
}

static void blocked_outside(void) {
    prepare(take_left_in_handler);
    take_left_undisturbed();
    finish_all(1);
}

static void tried_in_handler(void) {
    prepare(try_left_in_handler);
    pthread_mutex_lock(&left);
    raise(SIGUSR1);
    pthread_mutex_unlock(&left);
    raise(SIGUSR1);
    finish_all(2);
}

/* Two handlers that lead to one function, as in HotSpot: which signal it is, its address does not tell. */
static void take_left_in_either(int number, siginfo_t *info, void *context) {
    (void)info;
    (void)context;
    take_left_in_handler(number);
}

static void on_signal_with_info(int number) {
    struct sigaction action = {.sa_sigaction = take_left_in_either, .sa_flags = SA_SIGINFO};
    REQUIRE(sigaction(number, &action, NULL) == 0);
}

static void told_by_the_kernel(void) {
    on_signal_with_info(SIGUSR1);
    on_signal_with_info(SIGUSR2);
    start(idle);
    raise(SIGUSR1);
    take_left();
    finish_all(1);
}

/* A fault does not come in between: it is where the thread itself has led. */
static void in_a_fault(void) {
    on_signal_with_info(SIGSEGV);
    start(idle);
    raise(SIGSEGV);
    take_left();
    finish_all(1);
}

/* What is taken before there is a handler is in no danger of it. */
static void taken_before_the_handler(void) {
    start(idle);
    take_left();
    on_signal(SIGUSR1, take_left_in_handler);
    raise(SIGUSR1);
    finish_all(1);
}

static void another_lock_in_handler(void) {
    prepare(take_right_in_handler);
    pthread_mutex_lock(&left);
    raise(SIGUSR1);
    pthread_mutex_unlock(&left);
    finish_all(1);
}

static void only_in_handler(void) {
    prepare(take_left_in_handler);
    for (int i = 0; i < 3; i++)
        raise(SIGUSR1);
    finish_all(3);
}

static void interrupted(void) {
    pthread_mutex_lock(&left); /* REPORTED: holds left */
    raise(SIGUSR1);
}

static void interrupted_holding(void) {
    prepare(take_left_in_handler);
    interrupted();
}

/* ---- handlers that post ---- */

static void post_in_handler(int number) {
    (void)number;
    sem_post(&event);
    handled++;
}

static void posted_by_handler(void) {
    sem_init(&event, 0, 0);
    prepare(post_in_handler);
    for (int i = 0; i < 3; i++) {
        raise(SIGUSR1);
        sem_wait(&event);
    }
    finish_all(3);
}

static void wait_for_event(void) {
    while (sem_wait(&event) != 0)
        ;
}

/* Every thread is blocked, and yet it goes on: a timer's signal comes. */
static void posted_by_a_timer(void) {
    struct itimerval soon = {.it_value = {.tv_usec = 150000}};
    sem_init(&event, 0, 0);
    on_signal(SIGALRM, post_in_handler);
    setitimer(ITIMER_REAL, &soon, NULL);
    finish(start(wait_for_event));
}

static const struct scenario scenarios[] = {
    {"handler_first", handler_first},
    {"handler_last", handler_last},
    {"handler_in_another_thread", handler_in_another_thread},
    {"blocked_outside", blocked_outside},
    {"tried_in_handler", tried_in_handler},
    {"told_by_the_kernel", told_by_the_kernel},
    {"in_a_fault", in_a_fault},
    {"taken_before_the_handler", taken_before_the_handler},
    {"another_lock_in_handler", another_lock_in_handler},
    {"only_in_handler", only_in_handler},
    {"interrupted_holding", interrupted_holding},
    {"posted_by_handler", posted_by_handler},
    {"posted_by_a_timer", posted_by_a_timer},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
