/* What the programs kinds_*.c share: named scenarios, threads, and order in time alone.
 *
 *   kinds_NAME list          their names
 *   kinds_NAME SCENARIO      runs one; 2 when there is none of that name
 *
 * A step in time is a relaxed number that is polled, and a thread is blocked when the kernel says so: neither
 * is synchronisation to a detector. A program whose threads do not do what they should ends with status 3.
 *
 * Lines that a finding must name carry a mark that tests/e2e/kinds.py reads: REPORTED, a colon, and how each
 * lock appears there: "holds left", "wants right, wants thread T2".
 *
 * Included by one source file per program.
 */
#ifndef GORDIAN_TESTS_E2E_KINDS_H
#define GORDIAN_TESTS_E2E_KINDS_H

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define KINDS_ACTORS 32
#define KINDS_PATIENCE_S 15

struct scenario {
    const char *name;
    void (*run)(void);
};

static inline int run_scenario(int argc, char **argv, const struct scenario *scenarios, size_t count) {
    bool list = argc == 2 && strcmp(argv[1], "list") == 0;
    for (size_t i = 0; argc == 2 && i < count; i++) {
        if (list)
            printf("%s\n", scenarios[i].name);
        if (strcmp(argv[1], scenarios[i].name) != 0)
            continue;
        scenarios[i].run();
        return 0;
    }
    return list ? 0 : 2;
}

/* End the program unless `good`: it would show nothing. */
static inline void require(bool good, const char *what) {
    if (good)
        return;
    dprintf(2, "not as it should be: %s\n", what);
    _exit(3);
}

#define REQUIRE(condition) require(condition, #condition)

static inline int64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A time of this clock. */
static inline struct timespec after_ms(clockid_t clock, long ms) {
    struct timespec time;
    clock_gettime(clock, &time);
    time.tv_nsec += ms % 1000 * 1000000;
    time.tv_sec += ms / 1000 + time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

/* ---- steps ---- */

static int steps_reached;

static inline void reach(void) {
    __atomic_fetch_add(&steps_reached, 1, __ATOMIC_RELAXED);
}

/* Wait until so many steps are reached. */
static inline void await(int steps) {
    while (__atomic_load_n(&steps_reached, __ATOMIC_RELAXED) < steps)
        sched_yield();
}

/* ---- threads ---- */

struct actor {
    pthread_t thread;
    int tid; /* 0: does not run yet */
    int turn;
    void (*act)(void);
};

static struct actor actors[KINDS_ACTORS];
static int actors_count;
static int actors_turn = -1;

static inline void *actor_run(void *argument) {
    struct actor *actor = (struct actor *)argument;
    __atomic_store_n(&actor->tid, gettid(), __ATOMIC_RELAXED);
    while (actor->turn > __atomic_load_n(&actors_turn, __ATOMIC_RELAXED))
        sched_yield();
    actor->act();
    if (actor->turn >= 0)
        __atomic_fetch_add(&actors_turn, 1, __ATOMIC_RELAXED);
    return NULL;
}

static inline struct actor *start_at(void (*act)(void), int turn) {
    REQUIRE(actors_count < KINDS_ACTORS);
    struct actor *actor = &actors[actors_count++];
    actor->act = act;
    actor->turn = turn;
    REQUIRE(pthread_create(&actor->thread, NULL, actor_run, actor) == 0);
    return actor;
}

/* A thread that acts at once. */
static inline struct actor *start(void (*act)(void)) {
    return start_at(act, -1);
}

static inline void finish(struct actor *actor) {
    REQUIRE(pthread_join(actor->thread, NULL) == 0);
}

/* Threads that all exist from the beginning, and act one after the other. `acts` ends with NULL. */
static inline void in_turns(void (*const *acts)(void)) {
    struct actor *first = &actors[actors_count];
    int count = 0;
    for (; acts[count]; count++)
        start_at(acts[count], count);
    __atomic_store_n(&actors_turn, 0, __ATOMIC_RELAXED);
    for (int i = 0; i < count; i++)
        finish(&first[i]);
}

#define IN_TURNS(...) in_turns((void (*const[])(void)){__VA_ARGS__, NULL})

/* ---- who is blocked ---- */

/* The system call that the thread is blocked in, and its first argument; -1 when it runs. */
static inline long blocking_call(int tid, uint64_t *argument) {
    char path[64], text[256], *rest;
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    long call = strtol(text, &rest, 10);
    if (rest == text)
        return -1; /* "running" */
    *argument = strtoull(rest, NULL, 16);
    return call;
}

static inline bool is_blocked(int tid, long call, const volatile void *object, size_t size) {
    uint64_t argument, low = (uint64_t)(uintptr_t)object;
    return blocking_call(tid, &argument) == call && argument >= low && argument - low < size;
}

static inline void await_call(const int *tid, long call, const volatile void *object, size_t size) {
    int64_t end = clock_ns() + KINDS_PATIENCE_S * (int64_t)1000000000;
    int id;
    while (!(id = __atomic_load_n(tid, __ATOMIC_RELAXED)) || !is_blocked(id, call, object, size)) {
        require(clock_ns() < end, "a thread does not block");
        sched_yield();
    }
}

/* Wait until the thread is blocked on a word inside the object. */
#define AWAIT_BLOCKED(actor, object) await_call(&(actor)->tid, SYS_futex, object, sizeof *(object))

/* Wait until the thread is blocked in a join of the other: the word is in what its pthread_t points to. */
static inline void await_joining(const struct actor *actor, pthread_t other) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    await_call(&actor->tid, SYS_futex, (void *)other, 4096);
}

/* The first thread, as one to wait for. */
static inline const struct actor *first_thread(void) {
    static struct actor first;
    first.thread = pthread_self();
    __atomic_store_n(&first.tid, getpid(), __ATOMIC_RELAXED);
    return &first;
}

#endif
