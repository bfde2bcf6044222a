/* Locks and the ends of threads and processes: threads that leave a lock behind, and forks. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/wait.h>

#include "tests/e2e/programs/kinds.h"

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t robust;

static void make_robust(void) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

/* ---- a thread ends with a lock held ---- */

static void return_holding(void) {
    pthread_mutex_lock(&left); /* REPORTED: holds left */
}

static void returned(void) {
    finish(start(return_holding));
}

static void exit_with_left(void) {
    pthread_mutex_lock(&left); /* REPORTED: holds left */
    pthread_exit(NULL);
}

static void exited(void) {
    finish(start(exit_with_left));
}

static void wait_with_left(void) {
    pthread_mutex_lock(&left); /* REPORTED: holds left */
    reach();
    pause();
}

static void cancelled(void) {
    struct actor *owner = start(wait_with_left);
    await(1);
    pthread_cancel(owner->thread);
    finish(owner);
}

static void unlock_left(void *unused) {
    (void)unused;
    pthread_mutex_unlock(&left);
}

static void wait_and_clean_up(void) {
    pthread_mutex_lock(&left);
    pthread_cleanup_push(unlock_left, NULL);
    reach();
    pause();
    pthread_cleanup_pop(1);
}

static void cancelled_with_a_clean_up(void) {
    struct actor *owner = start(wait_and_clean_up);
    await(1);
    pthread_cancel(owner->thread);
    finish(owner);
    REQUIRE(pthread_mutex_lock(&left) == 0);
    pthread_mutex_unlock(&left);
}

static pthread_key_t key;

static void leave_it_to_the_destructor(void) {
    pthread_mutex_lock(&left);
    pthread_setspecific(key, &left);
}

/* A thread's destructors are still the thread. */
static void unlocked_by_a_destructor(void) {
    pthread_key_create(&key, unlock_left);
    finish(start(leave_it_to_the_destructor));
    REQUIRE(pthread_mutex_lock(&left) == 0);
    pthread_mutex_unlock(&left);
}

static void idle(void) {
    await(1);
}

/* The end of the process is no end of a thread. */
static void process_exits(void) {
    start(idle);
    pthread_mutex_lock(&left);
    exit(0);
}

static void return_holding_robust(void) {
    REQUIRE(pthread_mutex_lock(&robust) == 0);
}

static void robust_recovered(void) {
    make_robust();
    for (int i = 0; i < 3; i++) {
        finish(start(return_holding_robust));
        REQUIRE(pthread_mutex_lock(&robust) == EOWNERDEAD);
        REQUIRE(pthread_mutex_consistent(&robust) == 0);
        REQUIRE(pthread_mutex_unlock(&robust) == 0);
    }
    REQUIRE(pthread_mutex_lock(&robust) == 0);
    REQUIRE(pthread_mutex_unlock(&robust) == 0);
    REQUIRE(pthread_mutex_destroy(&robust) == 0);
}

static void robust_given_up(void) {
    make_robust();
    finish(start(return_holding_robust));
    REQUIRE(pthread_mutex_lock(&robust) == EOWNERDEAD);
    REQUIRE(pthread_mutex_unlock(&robust) == 0);
    REQUIRE(pthread_mutex_lock(&robust) == ENOTRECOVERABLE);
    REQUIRE(pthread_mutex_destroy(&robust) == 0);
}

/* ---- a lock that is left behind is wanted ---- */

static void wanted_after_return(void) {
    finish(start(return_holding));
    pthread_mutex_lock(&left); /* REPORTED: wants left */
}

/* ---- forks ---- */

static void await_child(pid_t child) {
    int status;
    REQUIRE(child > 0);
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The child holds it as well, and lets it go: it works, but it is worth a remark. */
static void fork_holding(void) {
    struct actor *other = start(idle);
    pthread_mutex_lock(&left); /* REPORTED: holds left */
    pid_t child = fork();      /* REPORTED: wants left */
    if (child == 0) {
        pthread_mutex_unlock(&left);
        pthread_mutex_lock(&left);
        pthread_mutex_unlock(&left);
        _exit(0);
    }
    pthread_mutex_unlock(&left);
    await_child(child);
    reach();
    finish(other);
}

static void hold_left(void) {
    pthread_mutex_lock(&left); /* REPORTED: holds left */
    reach();
    pause();
}

static void child_tries(void) {
    start(hold_left);
    await(1);
    pid_t child = fork();
    if (child == 0) {
        REQUIRE(pthread_mutex_trylock(&left) == EBUSY); /* REPORTED: wants left */
        _exit(0);
    }
    await_child(child);
}

static void child_locks(void) {
    start(hold_left);
    await(1);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(&left); /* REPORTED: wants left */
        _exit(0);
    }
    await_child(child);
}

static void child_keeps_away(void) {
    start(hold_left);
    await(1);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
        pthread_mutex_lock(&own);
        pthread_mutex_unlock(&own);
        _exit(0);
    }
    await_child(child);
}

static void lock_before_fork(void) {
    pthread_mutex_lock(&left);
}

static void unlock_after_fork(void) {
    pthread_mutex_unlock(&left);
}

static void use_left_until_asked(void) {
    while (__atomic_load_n(&steps_reached, __ATOMIC_RELAXED) < 1) {
        pthread_mutex_lock(&left);
        pthread_mutex_unlock(&left);
        sched_yield();
    }
}

/* What pthread_atfork is for. */
static void fork_handlers(void) {
    pthread_atfork(lock_before_fork, unlock_after_fork, unlock_after_fork);
    struct actor *other = start(use_left_until_asked);
    for (int i = 0; i < 5; i++) {
        pid_t child = fork();
        if (child == 0) {
            pthread_mutex_lock(&left);
            pthread_mutex_unlock(&left);
            _exit(0);
        }
        await_child(child);
    }
    reach();
    finish(other);
}

/* A child that does nothing but become another program. */
static void fork_and_exec(void) {
    start(hold_left);
    await(1);
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    await_child(child);
}

static const struct scenario scenarios[] = {
    {"returned", returned},
    {"exited", exited},
    {"cancelled", cancelled},
    {"cancelled_with_a_clean_up", cancelled_with_a_clean_up},
    {"unlocked_by_a_destructor", unlocked_by_a_destructor},
    {"process_exits", process_exits},
    {"robust_recovered", robust_recovered},
    {"robust_given_up", robust_given_up},
    {"wanted_after_return", wanted_after_return},
    {"fork_holding", fork_holding},
    {"child_tries", child_tries},
    {"child_locks", child_locks},
    {"child_keeps_away", child_keeps_away},
    {"fork_handlers", fork_handlers},
    {"fork_and_exec", fork_and_exec},
};

int main(int argc, char **argv) {
    return run_scenario(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
