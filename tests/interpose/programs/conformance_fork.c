/* fork with each kind of lock held: the child finds what libc leaves it, the parent keeps what it had. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

static pthread_mutex_t normal = PTHREAD_MUTEX_INITIALIZER, recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP,
                       checked = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP, robust;
static pthread_rwlock_t read_lock = PTHREAD_RWLOCK_INITIALIZER, write_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static sem_t semaphore;
static mtx_t c11_mutex;
static FILE *stream;
static int file;

static int take_all(void) {
    return pthread_mutex_lock(&normal) | pthread_mutex_lock(&recursive) | pthread_mutex_lock(&checked) |
           pthread_mutex_lock(&robust) | pthread_rwlock_rdlock(&read_lock) |
           pthread_rwlock_wrlock(&write_lock) | pthread_spin_lock(&spin) | sem_wait(&semaphore) |
           mtx_lock(&c11_mutex) | (flockfile(stream), 0) | flock(file, LOCK_EX);
}

static int give_back_all(void) {
    return flock(file, LOCK_UN) | (funlockfile(stream), 0) | mtx_unlock(&c11_mutex) | sem_post(&semaphore) |
           pthread_spin_unlock(&spin) | pthread_rwlock_unlock(&write_lock) |
           pthread_rwlock_unlock(&read_lock) | pthread_mutex_unlock(&robust) |
           pthread_mutex_unlock(&checked) | pthread_mutex_unlock(&recursive) | pthread_mutex_unlock(&normal);
}

/* Nothing here blocks. */
static void *try_all(void *unused) {
    TAKE(pthread_mutex_trylock(&normal), pthread_mutex_unlock(&normal));
    TAKE(pthread_mutex_trylock(&recursive), pthread_mutex_unlock(&recursive));
    TAKE(pthread_mutex_trylock(&checked), pthread_mutex_unlock(&checked));
    TAKE(pthread_mutex_trylock(&robust), pthread_mutex_unlock(&robust));
    TAKE(pthread_rwlock_tryrdlock(&read_lock), pthread_rwlock_unlock(&read_lock));
    TAKE(pthread_rwlock_trywrlock(&read_lock), pthread_rwlock_unlock(&read_lock));
    TAKE(pthread_rwlock_tryrdlock(&write_lock), pthread_rwlock_unlock(&write_lock));
    TAKE(pthread_rwlock_trywrlock(&write_lock), pthread_rwlock_unlock(&write_lock));
    TAKE(pthread_spin_trylock(&spin), pthread_spin_unlock(&spin));
    TAKE(mtx_trylock(&c11_mutex), mtx_unlock(&c11_mutex));
    TAKE(sem_trywait(&semaphore), sem_post(&semaphore));
    return unused;
}

static void try_in_the_child(void) {
    try_all(NULL);
    conformance_elsewhere(try_all, NULL);
}

/* The thread that forked is the child's only one, but libc's mutexes that check their owner know its old id.
 */
static void give_back_in_the_child(void) {
    TELL(pthread_mutex_unlock(&normal));
    TELL(pthread_mutex_unlock(&recursive));
    TELL(pthread_mutex_unlock(&checked));
    TELL(pthread_rwlock_unlock(&read_lock));
    TELL(pthread_spin_unlock(&spin));
    TELL(mtx_unlock(&c11_mutex));
    TELL_ERRNO(sem_post(&semaphore));
    try_in_the_child();
}

static void make_again_in_the_child(void) {
    TELL(pthread_mutex_init(&normal, NULL));
    TELL(pthread_rwlock_init(&write_lock, NULL));
    TELL(pthread_spin_init(&spin, 0));
    TELL_ERRNO(sem_init(&semaphore, 0, 1));
    TELL_C11(mtx_init(&c11_mutex, mtx_plain));
    try_in_the_child();
}

static void use_grandchild(void) {
    conformance_in_child(give_back_in_the_child);
}

/* _Fork runs no handlers of pthread_atfork. */
static void without_handlers(void) {
    int status = -1;
    pid_t child = _Fork();
    if (child == 0) {
        TELL(pthread_mutex_trylock(&normal));
        TELL(pthread_mutex_unlock(&normal));
        TELL(pthread_mutex_trylock(&normal));
        TELL(pthread_mutex_unlock(&normal));
        TELL(pthread_rwlock_trywrlock(&write_lock));
        TELL_ERRNO(sem_trywait(&semaphore));
        _exit(7);
    }
    waitpid(child, &status, 0);
    printf("_Fork: %#x\n", (unsigned)status);
}

static void held_by_this_thread(void) {
    conformance_stage_is("held by the thread that forks");
    TELL(take_all());
    conformance_in_child(try_in_the_child);
    conformance_in_child(give_back_in_the_child);
    conformance_in_child(make_again_in_the_child);
    conformance_in_child(use_grandchild);
    without_handlers();
    conformance_elsewhere(try_all, NULL);
    TELL(give_back_all());
    try_all(NULL);
    conformance_in_child(try_in_the_child);
}

static void held_by_another_thread(void) {
    conformance_stage_is("held by another thread");
    conformance_hold(take_all, give_back_all);
    conformance_in_child(try_in_the_child);
    conformance_in_child(make_again_in_the_child);
    try_all(NULL);
    conformance_let_go();
    conformance_held();
    try_all(NULL);
    conformance_in_child(try_in_the_child);
}

/* As libraries do it: the lock is taken before, and released on both sides after. */
static pthread_mutex_t around = PTHREAD_MUTEX_INITIALIZER;
static bool handled;

static void before_fork(void) {
    if (handled)
        TELL(pthread_mutex_lock(&around));
}

static void after_fork(void) {
    if (handled) {
        TELL(pthread_mutex_trylock(&around));
        TELL(pthread_mutex_unlock(&around));
    }
}

static void use_around(void) {
    TAKE(pthread_mutex_lock(&around), pthread_mutex_unlock(&around));
}

static void *fork_elsewhere(void *unused) {
    conformance_in_child(try_in_the_child);
    return unused;
}

static void with_handlers(void) {
    conformance_stage_is("handlers");
    /* None for the parent: what the two print would come in any order. */
    if (pthread_atfork(before_fork, NULL, after_fork) != 0)
        return;
    handled = true;
    conformance_in_child(use_around);
    after_fork();
    use_around();
    handled = false;
}

/* A condition that another thread waits for, and a barrier that one has come to. */
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static int waiting, told;

static int wait_until_told(void) {
    pthread_mutex_lock(&normal);
    waiting = 1;
    while (!told)
        pthread_cond_wait(&condition, &normal);
    return pthread_mutex_unlock(&normal);
}

static int wait_at_barrier(void) {
    int result = pthread_barrier_wait(&barrier);
    return result == PTHREAD_BARRIER_SERIAL_THREAD ? 0 : result;
}

static void wait_in_the_child(void) {
    pthread_cond_init(&condition, NULL);
    TELL(pthread_mutex_lock(&normal));
    TELL(pthread_cond_timedwait(&condition, &normal, &(struct timespec){.tv_sec = 1}));
    TELL(pthread_mutex_unlock(&normal));
}

static void while_others_wait(void) {
    struct conformance_call waits, arrives;
    conformance_stage_is("while others wait");
    pthread_barrier_init(&barrier, NULL, 2);
    START(&waits, wait_until_told);
    START(&arrives, wait_at_barrier);
    /* So that the mutex is free when the child is made. */
    for (int there = 0; !there; usleep(1000)) {
        pthread_mutex_lock(&normal);
        there = waiting;
        pthread_mutex_unlock(&normal);
    }
    conformance_in_child(wait_in_the_child);
    TELL(pthread_mutex_lock(&normal));
    told = 1;
    TELL(pthread_cond_signal(&condition));
    TELL(pthread_mutex_unlock(&normal));
    conformance_finish(&waits);
    TELL(wait_at_barrier());
    conformance_finish(&arrives);
    pthread_barrier_destroy(&barrier);
}

void conformance_fork(void) {
    char path[] = "/tmp/gordian-fork-XXXXXX";
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    pthread_mutexattr_destroy(&attributes);
    pthread_spin_init(&spin, 0);
    sem_init(&semaphore, 0, 1);
    mtx_init(&c11_mutex, mtx_plain);
    file = mkostemp(path, O_CLOEXEC);
    unlink(path);
    stream = tmpfile();
    held_by_this_thread();
    held_by_another_thread();
    conformance_stage_is("forked elsewhere");
    conformance_elsewhere(fork_elsewhere, NULL);
    while_others_wait();
    with_handlers();
    fclose(stream);
    close(file);
}
