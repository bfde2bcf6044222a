/* pthread_once and call_once: the routine runs once, however many ask, and again if it did not get to its
 * end. */
#define _GNU_SOURCE
#include <stdio.h>
#include <threads.h>
#include <unistd.h>

#include "tests/interpose/programs/conformance.h"

enum { THREADS = 4, ROUNDS = 300 };

union control {
    pthread_once_t posix;
    once_flag c11;
};
static const union control never_asked = {PTHREAD_ONCE_INIT};

static void c11_once(union control *control, void (*routine)(void)) {
    call_once(&control->c11, routine);
}

static void posix_once(union control *control, void (*routine)(void)) {
    pthread_once(&control->posix, routine);
}

static void (*once)(union control *, void (*)(void));

static int runs, finished;

static void run(void) {
    runs++;
}

static void run_slowly(void) {
    __atomic_fetch_add(&runs, 1, __ATOMIC_RELAXED);
    for (volatile int i = 0; i < 1000; i++)
        ;
    __atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
}

static void results(void) {
    static pthread_once_t posix = PTHREAD_ONCE_INIT;
    static once_flag c11 = ONCE_FLAG_INIT;
    runs = 0;
    TELL(pthread_once(&posix, run));
    TELL(pthread_once(&posix, run));
    TELL((call_once(&c11, run), 0));
    TELL((call_once(&c11, run), 0));
    printf("runs: %d\n", runs);
}

/* What the routine leaves in errno is what the caller finds there. */
static void set_errno(void) {
    errno = EDOM;
}

static void routine_sets_errno(void) {
    static pthread_once_t posix = PTHREAD_ONCE_INIT;
    static once_flag c11 = ONCE_FLAG_INIT;
    TELL(pthread_once(&posix, set_errno));
    TELL(pthread_once(&posix, set_errno));
    TELL((call_once(&c11, set_errno), 0));
    TELL((call_once(&c11, set_errno), 0));
}

static pthread_barrier_t start;
static union control controls[ROUNDS];
static int unfinished;

static void *ask_for_all(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_wait(&start);
        once(&controls[i], run_slowly);
        if (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE))
            __atomic_fetch_add(&unfinished, 1, __ATOMIC_RELAXED);
        if (pthread_barrier_wait(&start) != 0)
            __atomic_store_n(&finished, 0, __ATOMIC_RELAXED);
    }
    return unused;
}

static void races(void) {
    pthread_t threads[THREADS];
    runs = finished = unfinished = 0;
    for (int i = 0; i < ROUNDS; i++)
        controls[i] = never_asked;
    pthread_barrier_init(&start, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, ask_for_all, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
    printf("runs: %d, returned before it was finished: %d\n", runs, unfinished);
}

/* One inside another. */
static union control outer, inner;

static void run_another(void) {
    once(&inner, run);
    runs++;
}

static void *ask_for_outer(void *unused) {
    once(&outer, run_another);
    return unused;
}

static void nested(void) {
    runs = 0;
    outer = inner = never_asked;
    ask_for_outer(NULL);
    conformance_elsewhere(ask_for_outer, NULL);
    printf("nested runs: %d\n", runs);
}

/* The first thread is inside when the second asks; then it leaves in one of the ways. */
static union control control;
static int leave, inside;

static void until_told(void) {
    runs++;
    __atomic_store_n(&inside, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&leave, __ATOMIC_ACQUIRE)) {
        usleep(500);
        pthread_testcancel();
    }
}

static void exit_when_told(void) {
    until_told();
    pthread_exit(&control);
}

static void *ask_until_told(void *unused) {
    once(&control, until_told);
    puts("the first has returned");
    return unused;
}

static void *ask_and_exit(void *unused) {
    once(&control, exit_when_told);
    puts("the first has returned");
    return unused;
}

static int ask_again(void) {
    once(&control, run);
    return 0;
}

/* Whether it is run again must not depend on whether somebody waits. */
static void leaves(const char *how, void *(*ask)(void *), bool cancelled, bool waited_for) {
    pthread_t first;
    struct conformance_call second;
    void *value = NULL;
    runs = inside = leave = 0;
    control = never_asked;
    pthread_create(&first, NULL, ask, NULL);
    while (!__atomic_load_n(&inside, __ATOMIC_ACQUIRE))
        usleep(200);
    if (waited_for) {
        START(&second, ask_again);
        printf("the second has returned: %d\n", conformance_has_returned(&second));
    }
    if (cancelled)
        TELL(pthread_cancel(first));
    else
        __atomic_store_n(&leave, 1, __ATOMIC_RELEASE);
    pthread_join(first, &value);
    printf("%s: cancelled %d, exited %d\n", how, value == PTHREAD_CANCELED, value == &control);
    if (waited_for)
        conformance_finish(&second);
    TELL(ask_again());
    printf("runs: %d\n", runs);
}

/* A forked child runs nothing again that is done, and runs again what another thread was in the middle of. */
static void in_the_child(void) {
    TELL(ask_again());
    printf("runs in the child: %d\n", runs);
}

static void forks(void) {
    pthread_t first;
    runs = inside = leave = 0;
    control = never_asked;
    pthread_create(&first, NULL, ask_until_told, NULL);
    while (!__atomic_load_n(&inside, __ATOMIC_ACQUIRE))
        usleep(200);
    conformance_in_child(in_the_child);
    __atomic_store_n(&leave, 1, __ATOMIC_RELEASE);
    pthread_join(first, NULL);
    conformance_in_child(in_the_child);
    printf("runs: %d\n", runs);
}

/* The thread that waits for the routine is no place to be cancelled. */
static int ended;

static void say_cancelled(void *unused) {
    (void)unused;
    ended = 1;
}

static int ask_while_cancelled(void) {
    int result = -1;
    pthread_cleanup_push(say_cancelled, NULL);
    pthread_cancel(pthread_self());
    once(&control, run);
    result = 0;
    pthread_cleanup_pop(0);
    ended = 2;
    return result;
}

static void cancelled_while_waiting(void) {
    struct conformance_call second;
    pthread_t first;
    runs = inside = leave = ended = 0;
    control = never_asked;
    pthread_create(&first, NULL, ask_until_told, NULL);
    while (!__atomic_load_n(&inside, __ATOMIC_ACQUIRE))
        usleep(200);
    START(&second, ask_while_cancelled);
    printf("the second has returned: %d\n", conformance_has_returned(&second));
    __atomic_store_n(&leave, 1, __ATOMIC_RELEASE);
    pthread_join(first, NULL);
    conformance_finish(&second);
    printf("runs: %d, ended %d\n", runs, ended);
}

void conformance_once(void) {
    conformance_stage_is("results");
    results();
    routine_sets_errno();
    for (int i = 0; i < 2; i++) {
        conformance_stage_is(i ? "call_once" : "pthread_once");
        once = i ? c11_once : posix_once;
        races();
        nested();
        for (int waited_for = 0; waited_for < 2; waited_for++) {
            leaves("returned", ask_until_told, false, waited_for);
            leaves("cancelled", ask_until_told, true, waited_for);
            leaves("exited", ask_and_exit, false, waited_for);
        }
        forks();
        cancelled_while_waiting();
    }
}
