/* A small program with locks, for the tests of `gordian run`: locker WHAT [ARG]
 *
 *   clean            two locks in one order
 *   orders           two locks in both orders, one thread after the other: a potential deadlock
 *   stuck            two threads that deadlock; main joins them
 *   stuck_main_on    the same, but main goes on for ARG seconds and exits with 5
 *   stuck_child      a forked child deadlocks, and the program waits for it
 *   stuck_deaf       as stuck, with SIGABRT ignored and SIGTERM blocked
 *   orders_stay      as orders, then sleeps ARG seconds
 *   orders_end       as orders, then ends with _exit
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static volatile int waiting;

/* Take both locks; `meet` makes each thread wait until the other has its first, without a lock of its own. */
static void take(pthread_mutex_t *first, pthread_mutex_t *second, int meet) {
    pthread_mutex_lock(first);
    __atomic_add_fetch(&waiting, meet, __ATOMIC_SEQ_CST);
    while (meet && __atomic_load_n(&waiting, __ATOMIC_SEQ_CST) < 2)
        usleep(100);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *left_right(void *meet) {
    take(&left, &right, meet != NULL);
    return NULL;
}

static void *right_left(void *meet) {
    usleep(meet ? 0 : 20000); /* after the other; only time orders them */
    take(&right, &left, meet != NULL);
    return NULL;
}

static void two_threads(void *meet, int join) {
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, left_right, meet);
    pthread_create(&threads[1], NULL, right_left, meet);
    for (int i = 0; join && i < 2; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    unsigned seconds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    static int yes;
    if (strcmp(what, "clean") == 0) {
        left_right(NULL);
    } else if (strcmp(what, "orders") == 0 || strcmp(what, "orders_stay") == 0) {
        two_threads(NULL, 1);
        sleep(seconds);
    } else if (strcmp(what, "orders_end") == 0) {
        two_threads(NULL, 1);
        _exit(0);
    } else if (strcmp(what, "stuck") == 0) {
        two_threads(&yes, 1);
    } else if (strcmp(what, "stuck_main_on") == 0) {
        two_threads(&yes, 0);
        sleep(seconds);
        _exit(5);
    } else if (strcmp(what, "stuck_child") == 0) {
        pid_t child = fork();
        if (child == 0)
            two_threads(&yes, 1);
        waitpid(child, NULL, 0);
    } else if (strcmp(what, "stuck_deaf") == 0) {
        sigset_t term;
        signal(SIGABRT, SIG_IGN);
        sigemptyset(&term);
        sigaddset(&term, SIGTERM);
        sigprocmask(SIG_BLOCK, &term, NULL);
        two_threads(&yes, 1);
    } else {
        return 2;
    }
    return 0;
}
