/* Mutexes for gil.py, which calls these with the GIL (ctypes.PyDLL) or without it (ctypes.CDLL). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

pthread_mutex_t outer_mutex = PTHREAD_MUTEX_INITIALIZER, inner_mutex = PTHREAD_MUTEX_INITIALIZER;

/* The kernel's ids of two threads: the one that has the mutex, and the one that has the GIL. 0: not yet. */
static int owner, holder;
static bool owner_has_mutex;

static bool is_asleep(int tid) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return false;
    ssize_t bytes = read(fd, text, sizeof text - 1);
    close(fd);
    text[bytes > 0 ? bytes : 0] = '\0';
    const char *name_end = strrchr(text, ')');
    return name_end && name_end[1] == ' ' && name_end[2] == 'S';
}

static void until_asleep(const int *thread) {
    while (!is_asleep(__atomic_load_n(thread, __ATOMIC_ACQUIRE)))
        sched_yield();
}

static int until_set(const int *thread) {
    int tid;
    while (!(tid = __atomic_load_n(thread, __ATOMIC_ACQUIRE)))
        sched_yield();
    return tid;
}

__attribute__((noinline)) void take_outer(void) {
    pthread_mutex_lock(&outer_mutex);
}

__attribute__((noinline)) void give_outer(void) {
    pthread_mutex_unlock(&outer_mutex);
}

/* ---- the owner of the mutex, without the GIL ---- */

/* As soon as the other thread has the GIL for good, take the mutex. */
void own(void) {
    __atomic_store_n(&owner, gettid(), __ATOMIC_RELEASE);
    until_set(&holder);
    take_outer();
    __atomic_store_n(&owner_has_mutex, true, __ATOMIC_RELEASE);
}

/* The same, and stay until the other thread sleeps, which it does for nothing but the mutex. */
void own_until_wanted(void) {
    own();
    until_asleep(&holder);
}

/* And then give it back, which needs no GIL. */
void own_give_back(void) {
    own_until_wanted();
    give_outer();
}

void until_there_is_an_owner(void) {
    until_set(&owner);
}

/* ---- the holder of the GIL ---- */

static void hold(void) {
    __atomic_store_n(&holder, gettid(), __ATOMIC_RELEASE);
    while (!__atomic_load_n(&owner_has_mutex, __ATOMIC_ACQUIRE))
        sched_yield();
}

void hold_and_want(void) {
    hold();
    take_outer();
}

/* The owner sleeps for nothing but the GIL. */
void hold_and_want_last(void) {
    hold();
    until_asleep(&owner);
    take_outer();
}

/* ---- both mutexes, in one order ---- */

void take_and_give_both(void) {
    pthread_mutex_lock(&outer_mutex);
    pthread_mutex_lock(&inner_mutex);
    pthread_mutex_unlock(&inner_mutex);
    pthread_mutex_unlock(&outer_mutex);
}
