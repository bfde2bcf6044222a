/* The lock orders of one recording: its dependencies, and all that says when they count.
 *
 * Threads and locks get dense numbers from 1, so that a forged id costs no more than an honest one; `threads`
 * and `locks` give the recording's ids back. What happened stands in `events` in the order of the log, so
 * that a detector can be fed with it again (orders_replay), which finds what the library found while the
 * program ran.
 *
 * Not thread-safe. All memory belongs to the orders: O(dependencies and what they hold).
 */
#ifndef GORDIAN_REPORTS_ORDERS_H
#define GORDIAN_REPORTS_ORDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detector/finding.h"
#include "detector/segments.h"

struct orders_dependency {
    uint32_t thread, segment;
    uint32_t holds_count;
    size_t holds_first; /* in `holds` */
    struct lock_hold wants;
};

enum orders_event_type {
    ORDERS_CREATED,    /* thread `a`, by thread `b` */
    ORDERS_JOINED,     /* thread `a` has joined thread `b` */
    ORDERS_DEPENDENCY, /* number `a` */
    ORDERS_LOCK_GONE,  /* lock `a` is no more, or has proved to be none */
    ORDERS_HAPPENED    /* the ring of ring number `a` has happened */
};

struct orders_event {
    uint32_t type;
    uint32_t a, b;
};

/* A ring of locks that the recording has a finding about, in the order in which they are wanted. */
struct orders_ring {
    size_t first; /* in `ring_locks` */
    uint32_t count;
    bool happened; /* else it was predicted */
};

struct orders_lock {
    uint32_t id, kind;
    bool signal; /* a semaphore that has proved to be none */
    bool proven; /* a semaphore that has proved to be one */
    bool prefers_writers;
};

struct orders {
    struct orders_dependency *dependencies;
    size_t dependencies_count, dependencies_capacity;
    struct lock_hold *holds; /* of the dependencies */
    size_t holds_count, holds_capacity;
    struct orders_event *events;
    size_t events_count, events_capacity;
    struct orders_ring *rings;
    size_t rings_count, rings_capacity;
    uint32_t *ring_locks;
    size_t ring_locks_count, ring_locks_capacity;
    struct orders_lock *locks; /* by number - 1 */
    size_t locks_count, locks_capacity;
    uint32_t *threads; /* ids, by number - 1 */
    size_t threads_count, threads_capacity;
    bool incomplete; /* the recording has lost facts, so some creation or join may be missing */
};

/* Read the orders of the recording at `path` (or of that part of the file, recording_reader.h). Returns 0, or
 * as recording_reader_open does. */
int orders_read(const char *path, uint64_t base, uint64_t part, struct orders *orders, char *error,
                size_t error_size);
void orders_free(struct orders *orders);

/* Tell the segments what the recording says about creation and joining; its threads get numbers from
 * `before` + 1 on. Returns 0 or -ENOMEM. */
int orders_segments(const struct orders *orders, struct segments *segments, uint32_t before);

/* Feed the orders into a new lock-order graph, as the library did, and visit the cycles that it predicts: the
 * locks' numbers, each wanted by who holds the one before it. Returns 0 or -ENOMEM. */
int orders_replay(const struct orders *orders,
                  void (*visit)(void *context, const uint32_t *locks, uint32_t count), void *context);

#endif
