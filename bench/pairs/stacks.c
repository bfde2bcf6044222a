/* Many different stacks at one lock: `variety` of them, in an order that no predictor of ours knows. */
#define _GNU_SOURCE
#include "bench/pairs/shapes.h"

#include <alloca.h>
#include <string.h>

static void make_mutex(union lock *lock) {
    pthread_mutex_init(&lock->mutex, NULL);
}

__attribute__((noinline)) static void pair(struct worker *worker) {
    pthread_mutex_lock(&worker->locks->mutex);
    pthread_mutex_unlock(&worker->locks->mutex);
}

/* The empty asm keeps the calls from becoming jumps. */
__attribute__((noinline)) static void recurse(struct worker *worker, uint32_t depth) {
    if (depth > 0)
        recurse(worker, depth - 1);
    else
        pair(worker);
    __asm__ volatile("" ::: "memory");
}

/* As a parser or a walk over a tree: any depth up to `variety`. */
static void turn_recursion(struct worker *worker) {
    recurse(worker, worker_random(worker, worker->variety));
}

/* The same functions, but the stack pointer is elsewhere each time. */
static void turn_alloca(struct worker *worker) {
    size_t bytes = 16 + 16 * (size_t)worker_random(worker, worker->variety);
    char *room = alloca(bytes);
    room[0] = room[bytes - 1] = 1;
    __asm__ volatile("" ::"r"(room) : "memory");
    pair(worker);
    __asm__ volatile("" ::: "memory");
}

/* A binary tree of calls: `path` says which of two places each call comes from. */
__attribute__((noinline)) static void wrap(struct worker *worker, uint32_t path, uint32_t variety) {
    if (variety <= 1) {
        pair(worker);
    } else if (path & 1) {
        wrap(worker, path >> 1, variety / 2);
        __asm__ volatile("# one" ::: "memory");
    } else {
        wrap(worker, path >> 1, variety / 2);
        __asm__ volatile("# the other, so that the two are not made one" ::: "memory");
    }
}

static void turn_wrappers(struct worker *worker) {
    wrap(worker, worker_random(worker, worker->variety), worker->variety);
}

const struct shape shapes_stacks[] = {
    {"recursion", turn_recursion, make_mutex, 1, TIMING_PROCESSOR, 1, 0},
    {"alloca", turn_alloca, make_mutex, 1, TIMING_PROCESSOR, 1, 0},
    {"wrappers", turn_wrappers, make_mutex, 1, TIMING_PROCESSOR, 1, 0},
    {NULL, NULL, NULL, 0, TIMING_PROCESSOR, 0, 0},
};
