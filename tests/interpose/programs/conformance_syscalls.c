/* syscall: whatever the kernel says to the futex calls, and the arguments of all the others. */
#define _GNU_SOURCE
#include <limits.h>
#include <linux/futex.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

static uint32_t word, other_word;

static long futex(uint32_t *address, int operation, uint32_t value, const struct timespec *time,
                  uint32_t *second, uint32_t third) {
    return syscall(SYS_futex, address, operation, value, time, second, third);
}

static long wait_until(clockid_t clock, long ms) {
    struct timespec until = conformance_in_ms(clock, ms);
    return futex(&word, FUTEX_WAIT_BITSET_PRIVATE | (clock == CLOCK_REALTIME ? FUTEX_CLOCK_REALTIME : 0), 0,
                 &until, NULL, FUTEX_BITSET_MATCH_ANY);
}

static void waits_that_end(void) {
    struct timespec short_while = {.tv_nsec = 2000000}, none = {0};
    conformance_stage_is("futex waits");
    word = 0;
    TELL_ERRNO(futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0));
    TELL_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0));
    TELL_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, &short_while, NULL, 0));
    TELL_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, &none, NULL, 0));
    TELL_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, &conformance_no_time, NULL, 0));
    TELL_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, &conformance_no_time_either, NULL, 0));
    TELL_ERRNO(wait_until(CLOCK_MONOTONIC, -1000));
    TELL_ERRNO(wait_until(CLOCK_MONOTONIC, 2));
    TELL_ERRNO(wait_until(CLOCK_REALTIME, -1000));
    TELL_ERRNO(wait_until(CLOCK_REALTIME, 2));
    TELL_ERRNO(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 0));
    TELL_ERRNO(futex((uint32_t *)((char *)&word + 1), FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
    TELL_ERRNO(futex(NULL, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
    TELL_ERRNO(futex(&word, 4711, 0, NULL, NULL, 0));
    TELL_ERRNO(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0));
    TELL_ERRNO(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0));
    TELL_ERRNO(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 0));
    TELL_ERRNO(futex(NULL, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    conformance_interrupt(false);
    TELL_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
    TELL_ERRNO(wait_until(CLOCK_MONOTONIC, 60000));
    conformance_interrupt_no_more();
}

static int wait_for_change(void) {
    long result = 0;
    while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) == 0)
        result = futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    return result == 0 ? 0 : errno;
}

static int wait_once(void) {
    return futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) == 0 ? 0 : errno;
}

static int wait_for_two_bits(void) {
    return futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 6) == 0 ? 0 : errno;
}

/* A wake counts only those that sleep already: repeat it until there is one. */
static long wake_until_one(int operation, uint32_t bits) {
    long woken = 0;
    for (int i = 0; i < 10000 && woken == 0; i++) {
        woken = futex(&word, operation, 1, NULL, NULL, bits);
        if (woken == 0)
            usleep(1000);
    }
    return woken;
}

static long requeue_until_one(void) {
    long moved = 0;
    for (int i = 0; i < 10000 && moved == 0; i++) {
        /* The number of those to move goes in the place of the time. */
        moved =
            futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 0, (const struct timespec *)(uintptr_t)1, &other_word, 0);
        if (moved == 0)
            usleep(1000);
    }
    return moved;
}

static void wakes(void) {
    struct conformance_call call;
    conformance_stage_is("futex wakes");
    word = 0;
    START(&call, wait_for_change);
    printf("returned at once: %d\n", conformance_has_returned(&call));
    __atomic_store_n(&word, 1, __ATOMIC_RELEASE);
    futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    conformance_finish(&call);
    word = 0;
    START(&call, wait_once);
    TELL_ERRNO(wake_until_one(FUTEX_WAKE_PRIVATE, 0));
    conformance_finish(&call);
    START(&call, wait_for_two_bits);
    TELL_ERRNO(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 1));
    TELL_ERRNO(wake_until_one(FUTEX_WAKE_BITSET_PRIVATE, 2));
    conformance_finish(&call);
    START(&call, wait_once);
    TELL_ERRNO(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 0, NULL, &other_word, 4711));
    TELL_ERRNO(requeue_until_one());
    TELL_ERRNO(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    TELL_ERRNO(futex(&other_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    conformance_finish(&call);
    /* Sets the second word to 5 if it was 0, and would wake who waits for either. */
    TELL_ERRNO(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, NULL, &other_word,
                     (uint32_t)FUTEX_OP(FUTEX_OP_SET, 5, FUTEX_OP_CMP_EQ, 0)));
    TELL_ERRNO(other_word);
}

static void priority_inheriting(void) {
    conformance_stage_is("futex locks");
    word = 0;
    TELL_ERRNO(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    TELL_ERRNO((word & FUTEX_TID_MASK) == (uint32_t)gettid());
    TELL_ERRNO(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    TELL_ERRNO(futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    TELL_ERRNO(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    TELL_ERRNO(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    TELL_ERRNO(word);
}

/* A mutex as many runtimes have it: 0 free, 1 taken, 2 taken and waited for. */
enum { THREADS = 4, ROUNDS = 5000 };
static int count;

static void *add(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t seen = 0;
        if (!__atomic_compare_exchange_n(&word, &seen, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            while (__atomic_exchange_n(&word, 2, __ATOMIC_ACQUIRE) != 0)
                syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 2, NULL);
        count++;
        if (__atomic_exchange_n(&word, 0, __ATOMIC_RELEASE) == 2)
            syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1);
    }
    return unused;
}

static void as_a_mutex(void) {
    pthread_t threads[THREADS];
    word = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, add, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%d, %u\n", count, word);
}

static void *is_another(void *tid) {
    TELL_ERRNO(syscall(SYS_gettid) == gettid());
    TELL_ERRNO(syscall(SYS_gettid) == *(long *)tid);
    return tid;
}

static void other_calls(void) {
    conformance_stage_is("syscall");
    long tid = syscall(SYS_gettid);
    TELL_ERRNO(tid == gettid());
    conformance_elsewhere(is_another, &tid);
    TELL_ERRNO(syscall(SYS_getpid) == getpid());
    TELL_ERRNO(syscall(-1));
    TELL_ERRNO(syscall(100000));
    TELL_ERRNO(syscall(SYS_close, -1));
    TELL_ERRNO(syscall(SYS_read, -1, &word, 4));
    /* Six arguments, the last one of which counts. */
    int file = memfd_create("pages", MFD_CLOEXEC);
    char *memory;
    if (ftruncate(file, 8192) == 0 && pwrite(file, "second", 7, 4096) == 7) {
        memory = (char *)syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, file, 4096);
        puts(memory == MAP_FAILED ? "not mapped" : memory);
        TELL_ERRNO(syscall(SYS_munmap, memory, 4096));
    }
    TELL_ERRNO((long)syscall(SYS_mmap, NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    close(file);
}

void conformance_syscalls(void) {
    other_calls();
    waits_that_end();
    wakes();
    priority_inheriting();
    as_a_mutex();
}
