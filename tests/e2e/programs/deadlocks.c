/* Deadlocks that happen, one by name: deadlocks NAME
 *
 * The thread that completes the deadlock prints the time, in nanoseconds of CLOCK_MONOTONIC, right before it
 * does. Nothing ends by itself: whoever runs this has to end it. The acquisitions and joins of each knot are
 * marked REPORTED.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t ring[5] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                  PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                  PTHREAD_MUTEX_INITIALIZER};
static pthread_t threads[5];

/* Steps in time alone: a relaxed number orders nothing. */
static int reached;

static void reach(void) {
    __atomic_fetch_add(&reached, 1, __ATOMIC_RELAXED);
}

static void await(int steps) {
    while (__atomic_load_n(&reached, __ATOMIC_RELAXED) < steps)
        sched_yield();
}

/* Whether the thread sleeps, or is gone. */
static bool sleeps(const char *tid) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/task/%.20s/stat", tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    const char *after_name = strrchr(text, ')');
    return !after_name || strchr("SZX", after_name[2]);
}

static bool others_sleep(void) {
    bool all = true;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; tasks && (task = readdir(tasks));)
        all &= task->d_name[0] == '.' || strtol(task->d_name, NULL, 10) == gettid() || sleeps(task->d_name);
    if (tasks)
        closedir(tasks);
    return all;
}

/* Return when all other threads are blocked in the calls that they were about to make, or have ended: when
 * they sleep each time that they are looked at for a while. */
static void let_others_block(void) {
    for (int times = 0; times < 20; times++) {
        usleep(2000);
        if (!others_sleep())
            times = 0;
    }
}

static void say_when(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    dprintf(1, "%lld\n", (long long)now.tv_sec * 1000000000 + now.tv_nsec);
}

static pthread_t start(void *(*run)(void *), void *argument) {
    pthread_t thread;
    pthread_create(&thread, NULL, run, argument);
    return thread;
}

/* ---- mutexes ---- */

static void *left_then_right(void *unused) {
    pthread_mutex_lock(&left); /* REPORTED */
    reach();
    await(2);
    pthread_mutex_lock(&right); /* REPORTED */
    return unused;
}

static void *right_then_left(void *unused) {
    pthread_mutex_lock(&right); /* REPORTED */
    reach();
    await(2);
    let_others_block();
    say_when();
    pthread_mutex_lock(&left); /* REPORTED */
    return unused;
}

static void two_locks(void) {
    start(left_then_right, NULL);
    pthread_join(start(right_then_left, NULL), NULL);
}

static void *two_neighbours(void *argument) {
    intptr_t i = (intptr_t)argument;
    pthread_mutex_lock(&ring[i]); /* REPORTED */
    reach();
    await(5);
    if (i == 4) {
        let_others_block();
        say_when();
    }
    pthread_mutex_lock(&ring[(i + 1) % 5]); /* REPORTED */
    return NULL;
}

static void five_locks(void) {
    for (intptr_t i = 0; i < 5; i++)
        threads[i] = start(two_neighbours, (void *)i);
    pthread_join(threads[0], NULL);
}

static void self(void) {
    pthread_mutex_lock(&left); /* REPORTED */
    say_when();
    pthread_mutex_lock(&left); /* REPORTED */
}

/* ---- locks left behind ---- */

static void *take_left_and_end(void *unused) {
    pthread_mutex_lock(&left); /* REPORTED */
    reach();
    return unused;
}

static void *take_left_and_end_later(void *unused) {
    pthread_mutex_lock(&left); /* REPORTED */
    reach();
    let_others_block();
    say_when();
    return unused;
}

static void *want_left(void *unused) {
    pthread_mutex_lock(&left); /* REPORTED */
    return unused;
}

static void owner_joined_before(void) {
    pthread_join(start(take_left_and_end, NULL), NULL);
    say_when();
    want_left(NULL);
}

static void owner_ended_before(void) {
    start(take_left_and_end, NULL);
    let_others_block();
    say_when();
    want_left(NULL);
}

static void detached_owner_ended_before(void) {
    pthread_detach(start(take_left_and_end, NULL));
    let_others_block();
    say_when();
    want_left(NULL);
}

static void owner_ends_after(void) {
    pthread_t owner = start(take_left_and_end_later, NULL);
    await(1);
    pthread_t waiter = start(want_left, NULL);
    pthread_join(owner, NULL);
    pthread_join(waiter, NULL);
}

static void detached_owner_ends_after(void) {
    pthread_detach(start(take_left_and_end_later, NULL));
    await(1);
    want_left(NULL);
}

static void main_exits_after(void) {
    pthread_mutex_lock(&left); /* REPORTED */
    pthread_detach(start(want_left, NULL));
    let_others_block();
    say_when();
    pthread_exit(NULL);
}

static void *want_left_later(void *unused) {
    let_others_block();
    say_when();
    return want_left(unused);
}

static void main_exits_before(void) {
    pthread_mutex_lock(&left); /* REPORTED */
    pthread_detach(start(want_left_later, NULL));
    pthread_exit(NULL);
}

/* ---- joins ---- */

static void *take_left(void *unused) {
    pthread_mutex_lock(&left); /* REPORTED */
    return unused;
}

static void join_while_holding(void) {
    pthread_mutex_lock(&left); /* REPORTED */
    pthread_t other = start(take_left, NULL);
    let_others_block();
    say_when();
    pthread_join(other, NULL); /* REPORTED */
}

static void *take_left_late(void *unused) {
    let_others_block();
    say_when();
    pthread_mutex_lock(&left); /* REPORTED */
    return unused;
}

static void join_while_holding_then_wanted(void) {
    pthread_mutex_lock(&left); /* REPORTED */
    pthread_t other = start(take_left_late, NULL);
    pthread_join(other, NULL); /* REPORTED */
}

static void *join_next(void *argument) {
    intptr_t i = (intptr_t)argument;
    await(1);
    if (i == 2) {
        let_others_block();
        say_when();
    }
    pthread_join(threads[(i + 1) % 3], NULL); /* REPORTED */
    return NULL;
}

static void *join_main(void *main_thread) {
    let_others_block();
    say_when();
    pthread_join(*(pthread_t *)main_thread, NULL); /* REPORTED */
    return NULL;
}

static void two_joins(void) {
    pthread_t self = pthread_self(), other = start(join_main, &self);
    pthread_join(other, NULL); /* REPORTED */
}

static void three_joins(void) {
    for (intptr_t i = 0; i < 3; i++)
        threads[i] = start(join_next, (void *)i);
    reach();
    pause();
}

static const struct {
    const char *name;
    void (*run)(void);
} deadlocks[] = {
    {"two_locks", two_locks},
    {"five_locks", five_locks},
    {"self", self},
    {"owner_joined_before", owner_joined_before},
    {"owner_ended_before", owner_ended_before},
    {"detached_owner_ended_before", detached_owner_ended_before},
    {"owner_ends_after", owner_ends_after},
    {"detached_owner_ends_after", detached_owner_ends_after},
    {"main_exits_after", main_exits_after},
    {"main_exits_before", main_exits_before},
    {"join_while_holding", join_while_holding},
    {"join_while_holding_then_wanted", join_while_holding_then_wanted},
    {"two_joins", two_joins},
    {"three_joins", three_joins},
};

int main(int argc, char **argv) {
    for (size_t i = 0; argc == 2 && i < sizeof deadlocks / sizeof *deadlocks; i++)
        if (strcmp(argv[1], deadlocks[i].name) == 0) {
            deadlocks[i].run();
            return 0;
        }
    return 2;
}
