/* Reader/writer locks: every kind, every way to take one, in every state. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

static pthread_rwlock_t own, *lock = &own;

static const struct {
    const char *name;
    int value;
} kinds[] = {{"prefer reader", PTHREAD_RWLOCK_PREFER_READER_NP},
             {"prefer writer", PTHREAD_RWLOCK_PREFER_WRITER_NP},
             {"prefer writer nonrecursive", PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int timed_read(long ms) {
    struct timespec until = conformance_in_ms(CLOCK_REALTIME, ms);
    return pthread_rwlock_timedrdlock(lock, &until);
}

static int timed_write(long ms) {
    struct timespec until = conformance_in_ms(CLOCK_REALTIME, ms);
    return pthread_rwlock_timedwrlock(lock, &until);
}

static int clocked_read(clockid_t clock, long ms) {
    struct timespec until = conformance_in_ms(clock == CLOCK_REALTIME ? clock : CLOCK_MONOTONIC, ms);
    return pthread_rwlock_clockrdlock(lock, clock, &until);
}

static int clocked_write(clockid_t clock, long ms) {
    struct timespec until = conformance_in_ms(clock == CLOCK_REALTIME ? clock : CLOCK_MONOTONIC, ms);
    return pthread_rwlock_clockwrlock(lock, clock, &until);
}

#define TRY(call) TAKE(call, pthread_rwlock_unlock(lock))

/* All that end by themselves, `ms` at the latest. */
static void read_within(long ms) {
    TRY(pthread_rwlock_tryrdlock(lock));
    TRY(timed_read(-1000));
    TRY(timed_read(ms));
    TRY(clocked_read(CLOCK_MONOTONIC, -1000));
    TRY(clocked_read(CLOCK_MONOTONIC, ms));
    TRY(clocked_read(CLOCK_REALTIME, ms));
    TRY(clocked_read(12345, ms));
    TRY(clocked_read(CLOCK_PROCESS_CPUTIME_ID, ms));
    TRY(pthread_rwlock_timedrdlock(lock, &conformance_no_time));
    TRY(pthread_rwlock_timedrdlock(lock, &conformance_no_time_either));
    TRY(pthread_rwlock_clockrdlock(lock, CLOCK_MONOTONIC, &conformance_no_time));
    TRY(pthread_rwlock_clockrdlock(lock, CLOCK_REALTIME, &conformance_no_time_either));
}

static void write_within(long ms) {
    TRY(pthread_rwlock_trywrlock(lock));
    TRY(timed_write(-1000));
    TRY(timed_write(ms));
    TRY(clocked_write(CLOCK_MONOTONIC, -1000));
    TRY(clocked_write(CLOCK_MONOTONIC, ms));
    TRY(clocked_write(CLOCK_REALTIME, ms));
    TRY(clocked_write(12345, ms));
    TRY(clocked_write(CLOCK_PROCESS_CPUTIME_ID, ms));
    TRY(pthread_rwlock_timedwrlock(lock, &conformance_no_time));
    TRY(pthread_rwlock_timedwrlock(lock, &conformance_no_time_either));
    TRY(pthread_rwlock_clockwrlock(lock, CLOCK_MONOTONIC, &conformance_no_time));
    TRY(pthread_rwlock_clockwrlock(lock, CLOCK_REALTIME, &conformance_no_time_either));
}

static void *by_another_thread(void *unused) {
    read_within(2);
    write_within(2);
    return unused;
}

static void *while_free(void *unused) {
    TRY(pthread_rwlock_rdlock(lock));
    TRY(pthread_rwlock_wrlock(lock));
    read_within(60000);
    write_within(60000);
    return unused;
}

static void while_read(void) {
    TELL(pthread_rwlock_rdlock(lock));
    TRY(pthread_rwlock_rdlock(lock));
    read_within(2);
    write_within(2);
    conformance_elsewhere(by_another_thread, NULL);
    TELL(pthread_rwlock_tryrdlock(lock));
    TELL(pthread_rwlock_unlock(lock));
    TELL(pthread_rwlock_unlock(lock));
}

static void while_written(void) {
    TELL(pthread_rwlock_wrlock(lock));
    TRY(pthread_rwlock_rdlock(lock));
    TRY(pthread_rwlock_wrlock(lock));
    read_within(2);
    write_within(2);
    conformance_elsewhere(by_another_thread, NULL);
    TELL(pthread_rwlock_unlock(lock));
}

static int read_it(void) {
    int result = pthread_rwlock_rdlock(lock);
    return result != 0 ? result : pthread_rwlock_unlock(lock);
}

static int write_it(void) {
    int result = pthread_rwlock_wrlock(lock);
    return result != 0 ? result : pthread_rwlock_unlock(lock);
}

static int read_within_a_minute(void) {
    int result = timed_read(60000);
    return result != 0 ? result : pthread_rwlock_unlock(lock);
}

static int write_within_a_minute(void) {
    int result = timed_write(60000);
    return result != 0 ? result : pthread_rwlock_unlock(lock);
}

static int read_by_the_clock(void) {
    int result = clocked_read(CLOCK_MONOTONIC, 60000);
    return result != 0 ? result : pthread_rwlock_unlock(lock);
}

static int write_by_the_clock(void) {
    int result = clocked_write(CLOCK_MONOTONIC, 60000);
    return result != 0 ? result : pthread_rwlock_unlock(lock);
}

static int unlock(void) {
    return pthread_rwlock_unlock(lock);
}

static void blocking(void) {
    TELL(pthread_rwlock_rdlock(lock));
    BLOCKS(write_it, unlock);
    TELL(pthread_rwlock_rdlock(lock));
    BLOCKS(write_within_a_minute, unlock);
    TELL(pthread_rwlock_rdlock(lock));
    BLOCKS(write_by_the_clock, unlock);
    TELL(pthread_rwlock_wrlock(lock));
    BLOCKS(write_it, unlock);
    TELL(pthread_rwlock_wrlock(lock));
    BLOCKS(read_it, unlock);
    TELL(pthread_rwlock_wrlock(lock));
    BLOCKS(read_within_a_minute, unlock);
    TELL(pthread_rwlock_wrlock(lock));
    BLOCKS(read_by_the_clock, unlock);
}

/* With this thread reading and another one waiting to write, only the last kind makes readers wait. The
 * writer has been seen when a reader that does not wait is refused. */
static void with_a_writer_waiting(bool refuses) {
    struct conformance_call writer;
    TELL(pthread_rwlock_rdlock(lock));
    START(&writer, write_it);
    for (int i = 0; refuses && i < 10000 && pthread_rwlock_tryrdlock(lock) == 0; i++) {
        pthread_rwlock_unlock(lock);
        usleep(1000);
    }
    read_within(2);
    conformance_elsewhere(by_another_thread, NULL);
    printf("the writer has returned: %d\n", conformance_has_returned(&writer));
    TELL(pthread_rwlock_unlock(lock));
    conformance_finish(&writer);
}

/* libc counts readers above its three lowest bits and refuses when the highest would be set. */
static void too_many_readers(void) {
    unsigned one_reader;
    TELL(pthread_rwlock_rdlock(lock));
    one_reader = lock->__data.__readers;
    lock->__data.__readers = (1u << 31) - 8;
    TRY(pthread_rwlock_rdlock(lock));
    read_within(2);
    lock->__data.__readers = one_reader;
    TELL(pthread_rwlock_unlock(lock));
}

static bool make(const pthread_rwlockattr_t *attributes) {
    errno = CONFORMANCE_ERRNO;
    int result = pthread_rwlock_init(lock, attributes);
    conformance_tell("pthread_rwlock_init(lock, attributes)", result);
    return result == 0;
}

static void try_all(int kind, bool shared) {
    pthread_rwlockattr_t attributes;
    conformance_stage_is("%s%s", kinds[kind].name, shared ? " shared" : "");
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, kinds[kind].value);
    pthread_rwlockattr_setpshared(&attributes, shared ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE);
    if (make(&attributes)) {
        while_free(NULL);
        conformance_elsewhere(while_free, NULL);
        while_read();
        while_written();
        blocking();
        with_a_writer_waiting(kinds[kind].value == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
        too_many_readers();
        TELL(pthread_rwlock_destroy(lock));
    }
    pthread_rwlockattr_destroy(&attributes);
}

static void static_initialisers(void) {
    static pthread_rwlock_t plain = PTHREAD_RWLOCK_INITIALIZER,
                            nonrecursive = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
    pthread_rwlock_t *const made[] = {&plain, &nonrecursive};
    for (int i = 0; i < 2; i++) {
        conformance_stage_is("static %d", i);
        lock = made[i];
        while_free(NULL);
        while_read();
        while_written();
        with_a_writer_waiting(i == 1);
        TELL(pthread_rwlock_destroy(lock));
    }
    lock = &own;
}

static void init_of_a_used_address(void) {
    conformance_stage_is("init again");
    for (int i = 0; i < 3; i++) {
        make(NULL);
        TRY(pthread_rwlock_rdlock(lock));
        TRY(pthread_rwlock_wrlock(lock));
        if (i == 1)
            TELL(pthread_rwlock_destroy(lock));
    }
    TELL(pthread_rwlock_destroy(lock));
}

static void in_the_child(void) {
    by_another_thread(NULL);
}

static void two_processes(void) {
    pthread_rwlockattr_t attributes;
    int status;
    conformance_stage_is("two processes");
    lock = conformance_shared(sizeof *lock);
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    make(&attributes);
    pthread_rwlockattr_destroy(&attributes);
    TELL(pthread_rwlock_wrlock(lock));
    conformance_in_child(in_the_child);
    TELL(pthread_rwlock_unlock(lock));
    TELL(pthread_rwlock_rdlock(lock));
    conformance_in_child(in_the_child);
    pid_t child = fork();
    if (child == 0)
        _exit(write_it() == 0 ? 0 : 1);
    conformance_until_asleep(child);
    printf("child has ended: %d\n", waitpid(child, &status, WNOHANG) == child);
    TELL(pthread_rwlock_unlock(lock));
    printf("child has ended: %d\n", waitpid(child, &status, 0) == child && status == 0);
    TELL(pthread_rwlock_destroy(lock));
    lock = &own;
}

static int lock_to_write(void) {
    return pthread_rwlock_wrlock(lock);
}

static int lock_to_read(void) {
    return pthread_rwlock_rdlock(lock);
}

/* Signals end no wait for a lock. */
static void not_interrupted(void) {
    static int (*const waits[])(void) = {
        read_it,           write_it,          read_within_a_minute, write_within_a_minute,
        read_by_the_clock, write_by_the_clock};
    conformance_stage_is("signals");
    make(NULL);
    conformance_interrupt(false);
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        conformance_hold(i % 2 ? lock_to_read : lock_to_write, unlock);
        read_within(2);
        write_within(2);
        conformance_let_go_after_signals();
        TELL(waits[i]());
        conformance_held();
    }
    conformance_interrupt_no_more();
    TELL(pthread_rwlock_destroy(lock));
}

enum { THREADS = 4, ROUNDS = 2000 };
static int first_half, second_half, torn;

static void *read_and_write(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_rwlock_rdlock(lock);
        if (first_half != second_half)
            __atomic_fetch_add(&torn, 1, __ATOMIC_RELAXED);
        pthread_rwlock_unlock(lock);
        if (i % 4 != 0 || pthread_rwlock_trywrlock(lock) != 0)
            pthread_rwlock_wrlock(lock);
        first_half++;
        second_half++;
        pthread_rwlock_unlock(lock);
    }
    return unused;
}

static void many(void) {
    pthread_t threads[THREADS];
    conformance_stage_is("many");
    make(NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, read_and_write, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%d and %d, torn: %d\n", first_half, second_half, torn);
    TELL(pthread_rwlock_destroy(lock));
}

void conformance_rwlocks(void) {
    for (int kind = 0; kind < KINDS; kind++)
        for (int shared = 0; shared < 2; shared++)
            try_all(kind, shared);
    static_initialisers();
    init_of_a_used_address();
    two_processes();
    not_interrupted();
    many();
}
