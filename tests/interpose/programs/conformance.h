/* Calls that are printed with their results. For the parts of the conformance program. */
#ifndef GORDIAN_TESTS_INTERPOSE_CONFORMANCE_H
#define GORDIAN_TESTS_INTERPOSE_CONFORMANCE_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

enum { CONFORMANCE_ERRNO = 4711 };

/* What is being tried; printed before each call. */
extern char conformance_stage[128];

/* Print the call, its result, and errno where it was touched. Thread-safe.
 *
 * TELL is for functions that return an error number. TELL_ERRNO is for those that return -1 and set errno, or
 * anything else, which is printed as it is. TELL_C11 is for those that return thrd_success and the like. */
void conformance_tell(const char *call, int result);
void conformance_tell_errno(const char *call, long result);
void conformance_tell_c11(const char *call, int result);

#define TELL(call) conformance_tell(#call, (errno = CONFORMANCE_ERRNO, (call)))
#define TELL_ERRNO(call) conformance_tell_errno(#call, (errno = CONFORMANCE_ERRNO, (long)(call)))
#define TELL_C11(call) conformance_tell_c11(#call, (errno = CONFORMANCE_ERRNO, (call)))

/* TELL a call that takes something, and if it worked the one that gives it back. */
#define TAKE(call, give_back)                                                                                \
    do {                                                                                                     \
        errno = CONFORMANCE_ERRNO;                                                                           \
        int take_result = (call);                                                                            \
        conformance_tell(#call, take_result);                                                                \
        if (take_result == 0)                                                                                \
            TELL(give_back);                                                                                 \
    } while (0)

/* Set the stage, as printf would. */
void conformance_stage_is(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Run in a thread of its own, and wait for its end. Returns what it returned. */
void *conformance_elsewhere(void *(*run)(void *), void *argument);

/* Run in a child process, and print how that ended. */
void conformance_in_child(void (*run)(void));

/* A call that blocks, in a thread of its own. Its result is an error number. */
struct conformance_call {
    const char *name;
    int (*call)(void);
    pthread_t thread;
    pid_t tid;
    int result, after;
    bool returned;
};

/* Start it, and wait until it is asleep. */
void conformance_start(struct conformance_call *call, const char *name, int (*function)(void));
#define START(call, function) conformance_start(call, #function, function)

/* Whether it has returned. */
bool conformance_has_returned(struct conformance_call *call);

/* Wait for its end, and print its result. */
void conformance_finish(struct conformance_call *call);

/* Run `blocks` in a thread of its own, print whether it blocks, call `release`, and print both results. */
void conformance_blocks(const char *blocks_name, int (*blocks)(void), const char *release_name,
                        int (*release)(void));
#define BLOCKS(blocks, release) conformance_blocks(#blocks, blocks, #release, release)

/* Wait until the thread or process is asleep, or 10 seconds. Only for making it likely that a call blocks: no
 * result may depend on it. */
void conformance_until_asleep(pid_t tid);

/* While between the two, this thread gets a signal every millisecond, whose handler does nothing. The system
 * call that it interrupts is restarted or fails with EINTR. */
void conformance_interrupt(bool restart);
void conformance_interrupt_no_more(void);

/* A thread of its own calls `take`, then waits until it is told to let go, then calls `give_back`. Returns
 * when it has taken. One at a time. */
void conformance_hold(int (*take)(void), int (*give_back)(void));

/* Let go at once, or when some signals have interrupted the thread that conformance_interrupt was for. */
void conformance_let_go(void);
void conformance_let_go_after_signals(void);

/* Wait for the end of it. Prints both results. */
void conformance_held(void);

/* The time in `ms` milliseconds, which may be negative. */
struct timespec conformance_in_ms(clockid_t clock, long ms);

/* A time that is none. */
extern const struct timespec conformance_no_time, conformance_no_time_either;

/* Memory that children share, zeroed. Never freed. */
void *conformance_shared(size_t size);

/* The parts, each a file. */
#define CONFORMANCE_PARTS(X)                                                                                 \
    X(attributes)                                                                                            \
    X(barriers)                                                                                              \
    X(c11)                                                                                                   \
    X(cancellation)                                                                                          \
    X(conditions)                                                                                            \
    X(files)                                                                                                 \
    X(fork)                                                                                                  \
    X(mutex_words)                                                                                           \
    X(mutexes)                                                                                               \
    X(no_cancellation)                                                                                       \
    X(once)                                                                                                  \
    X(rwlocks)                                                                                               \
    X(semaphores)                                                                                            \
    X(spins)                                                                                                 \
    X(streams)                                                                                               \
    X(syscalls)                                                                                              \
    X(threads)                                                                                               \
    X(versions)

#define CONFORMANCE_DECLARE(part) void conformance_##part(void);
CONFORMANCE_PARTS(CONFORMANCE_DECLARE)
#undef CONFORMANCE_DECLARE

#endif
