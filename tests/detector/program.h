/* A program as the lock-order graph sees it: threads that start, join, take and release locks. Every
 * acquisition is told to the graph as libgordian.so would tell it, and what the graph reports is kept as
 * text, one line per finding:
 *
 *   T1 holds 1 wants 2, T2 holds 2 wants 1
 *
 * with "r" behind a lock that is held or wanted for reading, and "one thread: " before what one thread alone
 * closes.
 */
#ifndef GORDIAN_TESTS_DETECTOR_PROGRAM_H
#define GORDIAN_TESTS_DETECTOR_PROGRAM_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detector/arena.h"
#include "detector/lock_graph.h"
#include "detector/segments.h"
#include "tests/detector/pages.h"

#define PROGRAM_THREADS 256
#define PROGRAM_HELD 512

struct program_thread {
    uint32_t held_count;
    struct lock_hold held[PROGRAM_HELD];
};

struct program {
    struct arena arena;
    struct segments *segments;
    struct lock_graph *graph;
    struct program_thread threads[PROGRAM_THREADS]; /* the first ones, by id */
    uint32_t stack;                                 /* of the acquisitions; 0: a new one for each */
    uint32_t stacks;
    uint32_t found;     /* findings */
    uint32_t witnessed; /* those in which a writer waits before a reader */
    uint32_t again;
    uint32_t again_number; /* of the last `again` */
    char text[65536];      /* the findings' lines */
    void (*check)(const struct finding *finding);
};

__attribute__((unused, format(printf, 2, 3))) static void program_print(struct program *p, const char *format,
                                                                        ...) {
    size_t length = strlen(p->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(p->text + length, sizeof p->text - length, format, arguments);
    va_end(arguments);
}

static uint32_t program_found(void *context, const struct finding *finding) {
    struct program *p = context;
    bool witnessed = false;
    if (p->check)
        p->check(finding);
    program_print(p, "%s", finding->kind == FINDING_ORDER_SINGLE_THREAD ? "one thread: " : "");
    for (uint32_t i = 0; i < finding->steps_count; i++) {
        const struct finding_step *step = &finding->steps[i];
        witnessed |= i > 0 && step->wants.lock == finding->steps[i - 1].wants.lock;
        program_print(p, "%sT%u%s", i ? ", " : "", step->thread, step->holds_count ? " holds" : "");
        for (uint32_t j = 0; j < step->holds_count; j++)
            program_print(p, " %u%s", step->holds[j].lock, step->holds[j].mode == LOCK_SHARED ? "r" : "");
        program_print(p, " wants %u%s", step->wants.lock, step->wants.mode == LOCK_SHARED ? "r" : "");
    }
    program_print(p, "\n");
    p->witnessed += witnessed;
    return ++p->found;
}

static void program_again(void *context, uint32_t number) {
    struct program *p = context;
    p->again++;
    p->again_number = number;
}

/* Return a program whose thread 1 has started. */
__attribute__((unused)) static struct program *program_create_with(const struct lock_graph_options *options) {
    struct program *p = calloc(1, sizeof *p);
    struct lock_graph_listener listener = {p, program_found, program_again};
    arena_init(&p->arena, pages_supply);
    p->segments = segments_create(&p->arena);
    p->graph = lock_graph_create(&p->arena, p->segments, options, &listener);
    segments_start(p->segments, 1, 0);
    return p;
}

__attribute__((unused)) static struct program *program_create(void) {
    return program_create_with(&(struct lock_graph_options){0});
}

__attribute__((unused)) static void program_destroy(struct program *p) {
    free(p);
    pages_release();
}

/* Thread `creator` starts threads first to last. */
__attribute__((unused)) static void program_start(struct program *p, uint32_t first, uint32_t last,
                                                  uint32_t creator) {
    for (uint32_t thread = first; thread <= last; thread++)
        segments_start(p->segments, thread, creator);
}

/* Tell the graph what the thread is about to do. Returns as lock_graph_add. */
__attribute__((unused)) static int program_want(struct program *p, uint32_t thread, uint32_t lock,
                                                uint32_t mode, uint32_t stack) {
    struct program_thread *t = &p->threads[thread];
    struct lock_dependency dependency = {.thread = thread,
                                         .segment = segments_current(p->segments, thread),
                                         .holds_count = t->held_count,
                                         .holds = t->held,
                                         .wants = {lock, mode, stack}};
    return lock_graph_add(p->graph, &dependency);
}

__attribute__((unused)) static int program_lock_as(struct program *p, uint32_t thread, uint32_t lock,
                                                   uint32_t mode) {
    struct program_thread *t = &p->threads[thread];
    uint32_t stack = p->stack ? p->stack : ++p->stacks;
    int result = program_want(p, thread, lock, mode, stack);
    t->held[t->held_count++] = (struct lock_hold){lock, mode, stack};
    return result;
}

__attribute__((unused)) static int program_lock(struct program *p, uint32_t thread, uint32_t lock) {
    return program_lock_as(p, thread, lock, LOCK_EXCLUSIVE);
}

__attribute__((unused)) static int program_read(struct program *p, uint32_t thread, uint32_t lock) {
    return program_lock_as(p, thread, lock, LOCK_SHARED);
}

/* The thread wants for reading what it holds for reading; held once more it is the same. */
__attribute__((unused)) static int program_reread(struct program *p, uint32_t thread, uint32_t lock) {
    return program_want(p, thread, lock, LOCK_SHARED, p->stack ? p->stack : ++p->stacks);
}

/* The thread takes the lock for writing, and releases it. */
__attribute__((unused)) static int program_write(struct program *p, uint32_t thread, uint32_t lock) {
    int result = program_lock(p, thread, lock);
    p->threads[thread].held_count--;
    return result;
}

/* A lock that trylock got: held, but its acquisition could not block. */
__attribute__((unused)) static void program_hold(struct program *p, uint32_t thread, uint32_t lock) {
    struct program_thread *t = &p->threads[thread];
    t->held[t->held_count++] = (struct lock_hold){lock, LOCK_EXCLUSIVE, ++p->stacks};
}

__attribute__((unused)) static void program_unlock(struct program *p, uint32_t thread, uint32_t lock) {
    struct program_thread *t = &p->threads[thread];
    uint32_t i = 0;
    while (i < t->held_count && t->held[i].lock != lock)
        i++;
    if (i == t->held_count)
        return;
    t->held_count--;
    memmove(&t->held[i], &t->held[i + 1], (t->held_count - i) * sizeof t->held[0]);
}

__attribute__((unused)) static void program_unlock_all(struct program *p, uint32_t thread) {
    p->threads[thread].held_count = 0;
}

/* The thread takes these locks (0 ends them), one inside the other, and releases all it holds. */
__attribute__((unused)) static void program_nest(struct program *p, uint32_t thread, const uint32_t *locks) {
    for (; *locks; locks++)
        program_lock(p, thread, *locks);
    program_unlock_all(p, thread);
}
#define NEST(p, thread, ...) program_nest(p, thread, (const uint32_t[]){__VA_ARGS__, 0})

__attribute__((unused)) static struct lock_graph_counts program_counts(const struct program *p) {
    struct lock_graph_counts counts;
    lock_graph_count(p->graph, &counts);
    return counts;
}

#endif
