/* Cancellation: the calls that act on it, and what is held when the cleanup handlers run. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

static pthread_mutex_t mutex;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static mtx_t c11_mutex;
static cnd_t c11_condition;
static sem_t semaphore;
static pthread_t other;
static int file, twin;

static struct timespec in_a_minute(clockid_t clock) {
    return conformance_in_ms(clock, 60000);
}

static void free_twin_range(void) {
    struct flock range = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    fcntl(twin, F_OFD_SETLK, &range);
}

static int lock_twin_range(void) {
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(twin, F_OFD_SETLKW, &range);
}

static int lock_own_range(void) {
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(file, F_SETLKW, &range);
}

static int timed_wait_semaphore(void) {
    struct timespec until = in_a_minute(CLOCK_REALTIME);
    return sem_timedwait(&semaphore, &until);
}

static int clock_wait_semaphore(void) {
    struct timespec until = in_a_minute(CLOCK_MONOTONIC);
    return sem_clockwait(&semaphore, CLOCK_MONOTONIC, &until);
}

static int wait_semaphore(void) {
    return sem_wait(&semaphore);
}

static int wait_condition(void) {
    return pthread_cond_wait(&condition, &mutex);
}

static int timed_wait_condition(void) {
    struct timespec until = in_a_minute(CLOCK_REALTIME);
    return pthread_cond_timedwait(&condition, &mutex, &until);
}

static int clock_wait_condition(void) {
    struct timespec until = in_a_minute(CLOCK_MONOTONIC);
    return pthread_cond_clockwait(&condition, &mutex, CLOCK_MONOTONIC, &until);
}

static int wait_c11_condition(void) {
    return cnd_wait(&c11_condition, &c11_mutex);
}

static int timed_wait_c11_condition(void) {
    struct timespec until = in_a_minute(CLOCK_REALTIME);
    return cnd_timedwait(&c11_condition, &c11_mutex, &until);
}

static int join_other(void) {
    return pthread_join(other, NULL);
}

static int timed_join_other(void) {
    struct timespec until = in_a_minute(CLOCK_REALTIME);
    return pthread_timedjoin_np(other, NULL, &until);
}

static int clock_join_other(void) {
    struct timespec until = in_a_minute(CLOCK_MONOTONIC);
    return pthread_clockjoin_np(other, NULL, CLOCK_MONOTONIC, &until);
}

static int c11_join_other(void) {
    return thrd_join(other, NULL);
}

static int sleep_c11(void) {
    return thrd_sleep(&(struct timespec){.tv_sec = 60}, NULL);
}

/* Condition waits are entered with the mutex held, and the cleanup handler finds it held. */
enum { NO_MUTEX, POSIX_MUTEX, C11_MUTEX };

static const struct point {
    const char *name;
    int (*call)(void);
    int mutex;
    bool frees_range;
} points[] = {
    {"sem_wait", wait_semaphore, NO_MUTEX, false},
    {"sem_timedwait", timed_wait_semaphore, NO_MUTEX, false},
    {"sem_clockwait", clock_wait_semaphore, NO_MUTEX, false},
    {"pthread_cond_wait", wait_condition, POSIX_MUTEX, false},
    {"pthread_cond_timedwait", timed_wait_condition, POSIX_MUTEX, false},
    {"pthread_cond_clockwait", clock_wait_condition, POSIX_MUTEX, false},
    {"cnd_wait", wait_c11_condition, C11_MUTEX, false},
    {"cnd_timedwait", timed_wait_c11_condition, C11_MUTEX, false},
    {"pthread_join", join_other, NO_MUTEX, false},
    {"pthread_timedjoin_np", timed_join_other, NO_MUTEX, false},
    {"pthread_clockjoin_np", clock_join_other, NO_MUTEX, false},
    {"thrd_join", c11_join_other, NO_MUTEX, false},
    {"thrd_sleep", sleep_c11, NO_MUTEX, false},
    {"fcntl(F_OFD_SETLKW)", lock_twin_range, NO_MUTEX, true},
};
enum { POINTS = sizeof points / sizeof *points };

static void *try_mutex(void *unused) {
    TAKE(pthread_mutex_trylock(&mutex), pthread_mutex_unlock(&mutex));
    return unused;
}

static void *try_c11_mutex(void *unused) {
    errno = CONFORMANCE_ERRNO;
    int result = mtx_trylock(&c11_mutex);
    conformance_tell_c11("mtx_trylock(&c11_mutex)", result);
    if (result == thrd_success)
        mtx_unlock(&c11_mutex);
    return unused;
}

static void take_mutex(int which) {
    if (which == POSIX_MUTEX)
        pthread_mutex_lock(&mutex);
    else if (which == C11_MUTEX)
        mtx_lock(&c11_mutex);
}

static void give_back_mutex(void *argument) {
    const struct point *point = argument;
    printf("%s: cleanup\n", conformance_stage);
    if (point->mutex == POSIX_MUTEX) {
        conformance_elsewhere(try_mutex, NULL);
        TELL(pthread_mutex_unlock(&mutex));
    } else if (point->mutex == C11_MUTEX) {
        conformance_elsewhere(try_c11_mutex, NULL);
        TELL_C11(mtx_unlock(&c11_mutex));
    }
}

static pid_t tid;
static bool cancels_itself;

static void *call_point(void *argument) {
    const struct point *point = argument;
    take_mutex(point->mutex);
    pthread_cleanup_push(give_back_mutex, argument);
    __atomic_store_n(&tid, gettid(), __ATOMIC_RELEASE);
    /* Nothing is printed in between: that would act on it too. */
    if (cancels_itself)
        pthread_cancel(pthread_self());
    point->call();
    puts("returned");
    pthread_cleanup_pop(1);
    return NULL;
}

static void finish_cancelled(pthread_t thread) {
    void *value = NULL;
    TELL(pthread_join(thread, &value));
    printf("%s: cancelled: %d\n", conformance_stage, value == PTHREAD_CANCELED);
}

static int released;

static void *wait_for_release(void *unused) {
    while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE))
        usleep(500);
    return unused;
}

static void cancelled(const struct point *point, bool while_blocked) {
    pthread_t thread;
    conformance_stage_is("%s %s", while_blocked ? "blocked in" : "pending at", point->name);
    cancels_itself = !while_blocked;
    tid = 0;
    int sent = pthread_create(&thread, NULL, call_point, (void *)point);
    if (while_blocked) {
        pid_t started;
        while ((started = __atomic_load_n(&tid, __ATOMIC_ACQUIRE)) == 0)
            usleep(200);
        conformance_until_asleep(started);
        sent = pthread_cancel(thread);
    }
    finish_cancelled(thread);
    printf("%s: sent: %d\n", conformance_stage, sent);
    if (point->frees_range)
        free_twin_range();
}

static int semaphore_value(void) {
    int value = -1;
    sem_getvalue(&semaphore, &value);
    return value;
}

static void points_that_act(void) {
    __atomic_store_n(&released, 0, __ATOMIC_RELEASE);
    pthread_create(&other, NULL, wait_for_release, NULL);
    lock_own_range();
    for (int i = 0; i < POINTS; i++) {
        cancelled(&points[i], true);
        cancelled(&points[i], false);
    }
    /* When they could have it at once: glibc's sem_clockwait takes it and returns, the others act first. */
    for (int i = 0; i < 3; i++) {
        sem_post(&semaphore);
        cancelled(&points[i], false);
        TELL_ERRNO(semaphore_value());
        sem_trywait(&semaphore);
    }
    struct flock range = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    fcntl(file, F_SETLK, &range);
    cancelled(&points[POINTS - 1], false);
    /* The thread that was to be joined can still be. */
    conformance_stage_is("joined at last");
    __atomic_store_n(&released, 1, __ATOMIC_RELEASE);
    TELL(pthread_join(other, NULL));
}

/* While it is disabled nothing acts, and it is pending afterwards. */

static void *with_it_disabled(void *unused) {
    int old;
    TELL(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old));
    TELL(pthread_cancel(pthread_self()));
    TELL_ERRNO(sem_post(&semaphore));
    TELL_ERRNO(wait_semaphore());
    TELL_ERRNO(sem_post(&semaphore));
    TELL_ERRNO(timed_wait_semaphore());
    TELL(pthread_mutex_lock(&mutex));
    TELL(pthread_cond_timedwait(&condition, &mutex, &(struct timespec){.tv_sec = 1}));
    TELL(pthread_mutex_unlock(&mutex));
    TELL(pthread_timedjoin_np(other, NULL, &(struct timespec){.tv_sec = 1}));
    TELL_ERRNO(semaphore_value());
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
    pthread_testcancel();
    puts("not cancelled");
    return unused;
}

static void disabled(void) {
    pthread_t thread;
    conformance_stage_is("disabled");
    __atomic_store_n(&released, 0, __ATOMIC_RELEASE);
    pthread_create(&other, NULL, wait_for_release, NULL);
    pthread_create(&thread, NULL, with_it_disabled, NULL);
    finish_cancelled(thread);
    __atomic_store_n(&released, 1, __ATOMIC_RELEASE);
    TELL(pthread_join(other, NULL));
}

/* One that has ended, and is yet to be joined. */
static void *end(void *value) {
    __atomic_store_n(&tid, gettid(), __ATOMIC_RELEASE);
    return value;
}

static void ended(void) {
    pthread_t thread;
    char task[64];
    void *value = NULL;
    conformance_stage_is("ended");
    tid = 0;
    TELL(pthread_create(&thread, NULL, end, &tid));
    while (__atomic_load_n(&tid, __ATOMIC_ACQUIRE) == 0)
        usleep(200);
    snprintf(task, sizeof task, "/proc/self/task/%d", tid);
    for (int i = 0; i < 10000 && access(task, F_OK) == 0; i++)
        usleep(1000);
    TELL(pthread_cancel(thread));
    TELL(pthread_join(thread, &value));
    printf("cancelled: %d\n", value != &tid);
}

void conformance_cancellation(void) {
    pthread_mutexattr_t checks;
    char path[] = "/tmp/gordian-cancellation-XXXXXX";
    file = mkostemp(path, O_CLOEXEC);
    twin = open(path, O_RDWR | O_CLOEXEC);
    unlink(path);
    pthread_mutexattr_init(&checks);
    pthread_mutexattr_settype(&checks, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&mutex, &checks);
    pthread_mutexattr_destroy(&checks);
    mtx_init(&c11_mutex, mtx_plain);
    cnd_init(&c11_condition);
    sem_init(&semaphore, 0, 0);
    points_that_act();
    disabled();
    ended();
    close(file);
    close(twin);
    sem_destroy(&semaphore);
    cnd_destroy(&c11_condition);
    mtx_destroy(&c11_mutex);
    pthread_mutex_destroy(&mutex);
}
