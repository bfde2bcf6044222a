/* Every type and attribute of mutexes. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "tests/interpose/programs/conformance.h"

static pthread_mutex_t mutex;

static const struct {
    const char *name;
    int value;
} types[] = {{"normal", PTHREAD_MUTEX_NORMAL},
             {"recursive", PTHREAD_MUTEX_RECURSIVE},
             {"errorcheck", PTHREAD_MUTEX_ERRORCHECK},
             {"adaptive", PTHREAD_MUTEX_ADAPTIVE_NP}},
  protocols[] = {
      {"", PTHREAD_PRIO_NONE}, {" inherit", PTHREAD_PRIO_INHERIT}, {" protect", PTHREAD_PRIO_PROTECT}};

static int timed(long ms) {
    struct timespec until = conformance_in_ms(CLOCK_REALTIME, ms);
    return pthread_mutex_timedlock(&mutex, &until);
}

static int clocked(clockid_t clock, long ms) {
    struct timespec until = conformance_in_ms(CLOCK_MONOTONIC, ms);
    return pthread_mutex_clocklock(&mutex, clock, &until);
}

static void *by_another_thread(void *unlocks) {
    TELL(pthread_mutex_trylock(&mutex));
    TELL(timed(-1));
    TELL(timed(2));
    TELL(clocked(CLOCK_MONOTONIC, 2));
    TELL(pthread_mutex_timedlock(&mutex, &conformance_no_time));
    if (unlocks)
        TELL(pthread_mutex_unlock(&mutex));
    return NULL;
}

#define TRY(call) TAKE(call, pthread_mutex_unlock(&mutex))

static void *lock_and_unlock(void *unused) {
    TRY(pthread_mutex_lock(&mutex));
    return unused;
}

static void *lock_and_end(void *unused) {
    TELL(pthread_mutex_lock(&mutex));
    return unused;
}

static int depth;

static void count(int result) {
    depth += result == 0;
}

/* Take it again in every way, with what that returns. */
#define AGAIN(call)                                                                                          \
    do {                                                                                                     \
        errno = CONFORMANCE_ERRNO;                                                                           \
        int result = (call);                                                                                 \
        conformance_tell(#call, result);                                                                     \
        count(result);                                                                                       \
    } while (0)

/* `checks`: this type knows its owner. A robust mutex may be destroyed while it is held. */
static void held_and_taken_again(int type, bool checks, bool robust) {
    depth = 0;
    AGAIN(pthread_mutex_lock(&mutex));
    AGAIN(pthread_mutex_trylock(&mutex));
    AGAIN(timed(-1));
    AGAIN(timed(2));
    AGAIN(clocked(CLOCK_MONOTONIC, -1));
    AGAIN(clocked(CLOCK_MONOTONIC, 2));
    AGAIN(clocked(12345, 2));
    AGAIN(pthread_mutex_timedlock(&mutex, &conformance_no_time));
    AGAIN(pthread_mutex_timedlock(&mutex, &conformance_no_time_either));
    AGAIN(pthread_mutex_clocklock(&mutex, CLOCK_REALTIME, &conformance_no_time));
    /* The others would wait for themselves. */
    if (type == PTHREAD_MUTEX_RECURSIVE || type == PTHREAD_MUTEX_ERRORCHECK)
        AGAIN(pthread_mutex_lock(&mutex));
    if (depth)
        conformance_elsewhere(by_another_thread, checks ? &mutex : NULL);
    if (!robust)
        TELL(pthread_mutex_destroy(&mutex));
    while (depth-- > 0)
        TELL(pthread_mutex_unlock(&mutex));
    if (checks)
        TELL(pthread_mutex_unlock(&mutex));
}

static void taken_in_every_way(void) {
    TRY(pthread_mutex_lock(&mutex));
    TRY(pthread_mutex_trylock(&mutex));
    TRY(timed(-1));
    TRY(timed(1000));
    TRY(clocked(CLOCK_MONOTONIC, 1000));
    TRY(clocked(CLOCK_REALTIME, 1000));
    conformance_elsewhere(lock_and_unlock, NULL);
}

static void owner_died(void) {
    conformance_elsewhere(lock_and_end, NULL);
    TELL(pthread_mutex_lock(&mutex));
    TELL(pthread_mutex_consistent(&mutex));
    TELL(pthread_mutex_unlock(&mutex));
    conformance_elsewhere(lock_and_end, NULL);
    TELL(pthread_mutex_trylock(&mutex));
    TELL(pthread_mutex_consistent(&mutex));
    TELL(pthread_mutex_consistent(&mutex));
    TELL(pthread_mutex_unlock(&mutex));
    conformance_elsewhere(lock_and_end, NULL);
    TELL(timed(1000));
    TELL(pthread_mutex_consistent(&mutex));
    TELL(pthread_mutex_unlock(&mutex));
    conformance_elsewhere(lock_and_unlock, NULL);
    /* Not made consistent: lost for good. */
    conformance_elsewhere(lock_and_end, NULL);
    TELL(clocked(CLOCK_MONOTONIC, 1000));
    TELL(pthread_mutex_unlock(&mutex));
    TELL(pthread_mutex_lock(&mutex));
    TELL(pthread_mutex_lock(&mutex));
    conformance_elsewhere(lock_and_unlock, NULL);
    TELL(pthread_mutex_trylock(&mutex));
    TELL(timed(2));
    TELL(clocked(CLOCK_MONOTONIC, 2));
}

static void used_when_destroyed(void) {
    TELL(pthread_mutex_destroy(&mutex));
    TELL(pthread_mutex_lock(&mutex));
    TELL(pthread_mutex_trylock(&mutex));
    TELL(timed(2));
    TELL(pthread_mutex_unlock(&mutex));
    TELL(pthread_mutex_destroy(&mutex));
}

static void try_all(int type, int protocol, bool robust, bool shared) {
    pthread_mutexattr_t attributes;
    conformance_stage_is("%s%s%s%s", types[type].name, protocols[protocol].name, robust ? " robust" : "",
                         shared ? " shared" : "");
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, types[type].value);
    pthread_mutexattr_setprotocol(&attributes, protocols[protocol].value);
    pthread_mutexattr_setrobust(&attributes, robust ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED);
    pthread_mutexattr_setpshared(&attributes, shared ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE);
    errno = CONFORMANCE_ERRNO;
    int made = pthread_mutex_init(&mutex, &attributes);
    conformance_tell("pthread_mutex_init(&mutex, &attributes)", made);
    pthread_mutexattr_destroy(&attributes);
    if (made != 0)
        return;
    bool checks = robust || types[type].value == PTHREAD_MUTEX_RECURSIVE ||
                  types[type].value == PTHREAD_MUTEX_ERRORCHECK;
    taken_in_every_way();
    held_and_taken_again(types[type].value, checks, robust);
    if (robust)
        owner_died();
    else
        TELL(pthread_mutex_consistent(&mutex));
    used_when_destroyed();
}

static void static_initialisers(void) {
    static pthread_mutex_t made[] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP,
                                     PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP,
                                     PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP};
    for (int i = 0; i < 4; i++) {
        conformance_stage_is("static %s", types[i].name);
        mutex = made[i];
        taken_in_every_way();
        held_and_taken_again(types[i].value, i == 1 || i == 2, false);
        used_when_destroyed();
    }
}

static void init_of_a_used_address(void) {
    conformance_stage_is("init again");
    TELL(pthread_mutex_init(&mutex, NULL));
    TELL(pthread_mutex_lock(&mutex));
    TELL(pthread_mutex_unlock(&mutex));
    TELL(pthread_mutex_init(&mutex, NULL));
    TELL(pthread_mutex_trylock(&mutex));
    TELL(pthread_mutex_unlock(&mutex));
    TELL(pthread_mutex_destroy(&mutex));
}

/* libc counts how often a recursive mutex is held, and refuses when the count would be none. */
static void held_too_often(void) {
    static pthread_mutex_t made = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    conformance_stage_is("held too often");
    mutex = made;
    TELL(pthread_mutex_lock(&mutex));
    mutex.__data.__count = UINT_MAX;
    TELL(pthread_mutex_lock(&mutex));
    TELL(pthread_mutex_trylock(&mutex));
    TELL(timed(2));
    TELL(clocked(CLOCK_MONOTONIC, 2));
    mutex.__data.__count = 1;
    TELL(pthread_mutex_unlock(&mutex));
    TELL(pthread_mutex_unlock(&mutex));
    TELL(pthread_mutex_destroy(&mutex));
}

static int lock_it(void) {
    return pthread_mutex_lock(&mutex);
}

static int unlock_it(void) {
    return pthread_mutex_unlock(&mutex);
}

static int lock_and_release(void) {
    int result = pthread_mutex_lock(&mutex);
    return result != 0 ? result : pthread_mutex_unlock(&mutex);
}

static int timed_and_release(void) {
    int result = timed(60000);
    return result != 0 ? result : pthread_mutex_unlock(&mutex);
}

static int clocked_and_release(void) {
    int result = clocked(CLOCK_MONOTONIC, 60000);
    return result != 0 ? result : pthread_mutex_unlock(&mutex);
}

/* A call that finds it held waits for it, whatever signals come. */
static void blocking(void) {
    static int (*const ways[])(void) = {lock_and_release, timed_and_release, clocked_and_release};
    for (int type = 0; type < 4; type++) {
        pthread_mutexattr_t attributes;
        conformance_stage_is("blocking %s", types[type].name);
        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_settype(&attributes, types[type].value);
        TELL(pthread_mutex_init(&mutex, &attributes));
        pthread_mutexattr_destroy(&attributes);
        for (int way = 0; way < 3; way++) {
            TELL(pthread_mutex_lock(&mutex));
            BLOCKS(ways[way], unlock_it);
            conformance_interrupt(false);
            conformance_hold(lock_it, unlock_it);
            TELL(timed(20));
            conformance_let_go_after_signals();
            TELL(ways[way]());
            conformance_held();
            conformance_interrupt_no_more();
        }
        TELL(pthread_mutex_destroy(&mutex));
    }
}

static void try_protocol(int protocol) {
    for (int type = 0; type < 4; type++)
        for (int flags = 0; flags < 4; flags++)
            try_all(type, protocol, flags & 1, flags & 2);
}

/* A mutex of the protecting kind can be taken only by a thread with a real-time priority, if it may have one.
 * The thread takes the priority with it. */
static void *try_protecting(void *unused) {
    struct sched_param parameters = {.sched_priority = 1};
    pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters);
    try_protocol(2);
    return unused;
}

void conformance_mutexes(void) {
    try_protocol(0);
    try_protocol(1);
    conformance_elsewhere(try_protecting, NULL);
    static_initialisers();
    init_of_a_used_address();
    held_too_often();
    blocking();
}
