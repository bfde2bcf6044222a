/* Attributes: what the setters accept, what the getters say, and what the objects do afterwards. */
#define _GNU_SOURCE
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

static const int values[] = {-1, 0, 1, 2, 3, 4, 99, 100, 4711, INT_MAX};
enum { VALUES = sizeof values / sizeof *values };

/* TELL the setter with this value, then print what the getter says. */
#define SET_AND_GET(setter, getter, attributes, value)                                                       \
    do {                                                                                                     \
        int got = -4711;                                                                                     \
        TELL(setter(attributes, value));                                                                     \
        TELL(getter(attributes, &got));                                                                      \
        printf("%d\n", got);                                                                                 \
    } while (0)

static void mutex_attributes(void) {
    pthread_mutexattr_t attributes;
    TELL(pthread_mutexattr_init(&attributes));
    for (int i = 0; i < VALUES; i++) {
        conformance_stage_is("mutex attributes %d", values[i]);
        SET_AND_GET(pthread_mutexattr_settype, pthread_mutexattr_gettype, &attributes, values[i]);
        SET_AND_GET(pthread_mutexattr_setrobust, pthread_mutexattr_getrobust, &attributes, values[i]);
        SET_AND_GET(pthread_mutexattr_setprotocol, pthread_mutexattr_getprotocol, &attributes, values[i]);
        SET_AND_GET(pthread_mutexattr_setprioceiling, pthread_mutexattr_getprioceiling, &attributes,
                    values[i]);
        SET_AND_GET(pthread_mutexattr_setpshared, pthread_mutexattr_getpshared, &attributes, values[i]);
    }
    TELL(pthread_mutexattr_destroy(&attributes));
}

static void other_attributes(void) {
    pthread_rwlockattr_t rwlock;
    pthread_condattr_t condition;
    pthread_barrierattr_t barrier;
    clockid_t clock = 4711;
    TELL(pthread_rwlockattr_init(&rwlock));
    TELL(pthread_condattr_init(&condition));
    TELL(pthread_barrierattr_init(&barrier));
    for (int i = 0; i < VALUES; i++) {
        conformance_stage_is("other attributes %d", values[i]);
        SET_AND_GET(pthread_rwlockattr_setkind_np, pthread_rwlockattr_getkind_np, &rwlock, values[i]);
        SET_AND_GET(pthread_rwlockattr_setpshared, pthread_rwlockattr_getpshared, &rwlock, values[i]);
        SET_AND_GET(pthread_condattr_setpshared, pthread_condattr_getpshared, &condition, values[i]);
        SET_AND_GET(pthread_condattr_setclock, pthread_condattr_getclock, &condition, values[i]);
        SET_AND_GET(pthread_barrierattr_setpshared, pthread_barrierattr_getpshared, &barrier, values[i]);
    }
    TELL(pthread_condattr_getclock(&condition, &clock));
    printf("clock %d\n", clock);
    TELL(pthread_rwlockattr_destroy(&rwlock));
    TELL(pthread_condattr_destroy(&condition));
    TELL(pthread_barrierattr_destroy(&barrier));
}

/* ---- a mutex in the memory of two processes ---- */

static pthread_mutex_t *shared;

static void make_shared(int type, bool robust) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setrobust(&attributes, robust ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED);
    TELL(pthread_mutex_init(shared, &attributes));
    pthread_mutexattr_destroy(&attributes);
}

static void try_shared(void) {
    struct timespec until = conformance_in_ms(CLOCK_REALTIME, 2);
    TAKE(pthread_mutex_trylock(shared), pthread_mutex_unlock(shared));
    TAKE(pthread_mutex_timedlock(shared, &until), pthread_mutex_unlock(shared));
}

static void lock_shared(void) {
    TELL(pthread_mutex_lock(shared));
}

static void blocked_child(void) {
    int status = -1;
    TELL(pthread_mutex_lock(shared));
    pid_t child = fork();
    if (child == 0)
        _exit(pthread_mutex_lock(shared) == 0 ? pthread_mutex_unlock(shared) : 255);
    conformance_until_asleep(child);
    printf("child has ended: %d\n", waitpid(child, &status, WNOHANG) == child);
    TELL(pthread_mutex_unlock(shared));
    printf("child has ended: %d\n", waitpid(child, &status, 0) == child && status == 0);
}

static void two_processes(void) {
    static const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
                                PTHREAD_MUTEX_ADAPTIVE_NP};
    shared = conformance_shared(sizeof *shared);
    for (int i = 0; i < 8; i++) {
        bool robust = i >= 4;
        conformance_stage_is("two processes, type %d%s", types[i % 4], robust ? " robust" : "");
        make_shared(types[i % 4], robust);
        conformance_in_child(try_shared);
        TELL(pthread_mutex_lock(shared));
        conformance_in_child(try_shared);
        TELL(pthread_mutex_unlock(shared));
        blocked_child();
        if (robust) {
            conformance_in_child(lock_shared);
            TELL(pthread_mutex_lock(shared));
            TELL(pthread_mutex_consistent(shared));
            TELL(pthread_mutex_unlock(shared));
            conformance_in_child(lock_shared);
            TELL(pthread_mutex_trylock(shared));
            TELL(pthread_mutex_unlock(shared));
            conformance_in_child(lock_shared);
            TELL(pthread_mutex_lock(shared));
        }
        TELL(pthread_mutex_destroy(shared));
    }
}

/* ---- priority ceilings ---- */

static pthread_mutex_t mutex;

static void set_policy(int policy, int priority) {
    struct sched_param parameters = {.sched_priority = priority};
    pthread_setschedparam(pthread_self(), policy, &parameters);
}

static void make(int type, int protocol) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setprotocol(&attributes, protocol);
    TELL(pthread_mutex_init(&mutex, &attributes));
    pthread_mutexattr_destroy(&attributes);
}

static int set_ceiling(int ceiling) {
    int old = -4711, result = pthread_mutex_setprioceiling(&mutex, ceiling, &old);
    printf("old ceiling %d\n", old);
    return result;
}

static int get_ceiling(void) {
    int ceiling = -4711, result = pthread_mutex_getprioceiling(&mutex, &ceiling);
    printf("ceiling %d\n", ceiling);
    return result;
}

/* What changed the ceiling took the mutex and gave it back. */
static void *try_it(void *unused) {
    set_policy(SCHED_FIFO, 1);
    TAKE(pthread_mutex_trylock(&mutex), pthread_mutex_unlock(&mutex));
    return unused;
}

static int lock(void) {
    set_policy(SCHED_FIFO, 1);
    return pthread_mutex_lock(&mutex);
}

static int unlock(void) {
    return pthread_mutex_unlock(&mutex);
}

static int set_ceiling_quietly(void) {
    int old;
    set_policy(SCHED_FIFO, 1);
    return pthread_mutex_setprioceiling(&mutex, 3, &old);
}

static void ceilings(int type, int protocol) {
    conformance_stage_is("ceiling of type %d, protocol %d", type, protocol);
    make(type, protocol);
    for (int i = 0; i < VALUES; i++)
        TELL(set_ceiling(values[i]));
    TELL(set_ceiling(2));
    TELL(get_ceiling());
    conformance_elsewhere(try_it, NULL);
    /* A thread without the right to a real-time priority cannot take such a mutex. */
    if (protocol == PTHREAD_PRIO_PROTECT && pthread_mutex_lock(&mutex) == 0) {
        if (type == PTHREAD_MUTEX_RECURSIVE || type == PTHREAD_MUTEX_ERRORCHECK) {
            TELL(set_ceiling(2));
            TELL(get_ceiling());
            conformance_elsewhere(try_it, NULL);
        }
        BLOCKS(set_ceiling_quietly, unlock);
        conformance_hold(lock, unlock);
        conformance_let_go();
        TELL(set_ceiling(1));
        conformance_held();
    }
    TELL(pthread_mutex_destroy(&mutex));
}

/* In a thread of its own, which takes the priority with it. */
static void *all_ceilings(void *unused) {
    set_policy(SCHED_FIFO, 1);
    for (int type = 0; type < 4; type++) {
        ceilings(type, PTHREAD_PRIO_PROTECT);
        ceilings(type, PTHREAD_PRIO_INHERIT);
        ceilings(type, PTHREAD_PRIO_NONE);
    }
    return unused;
}

void conformance_attributes(void) {
    mutex_attributes();
    other_attributes();
    two_processes();
    conformance_elsewhere(all_ceilings, NULL);
}
