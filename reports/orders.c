#include "reports/orders.h"

#include <errno.h>
#include <stdlib.h>

#include "detector/lock_graph.h"
#include "reports/memory.h"
#include "reports/pages.h"
#include "reports/recording_reader.h"
#include "reports/table.h"

struct reading {
    struct orders *orders;
    struct table threads, locks; /* by id; the value is the number */
};

static uint32_t thread_number(struct reading *reading, uint32_t id) {
    struct orders *orders = reading->orders;
    uintptr_t number = (uintptr_t)table_find(&reading->threads, id);
    if (number)
        return (uint32_t)number;
    orders->threads = memory_array_grow(orders->threads, &orders->threads_capacity, orders->threads_count + 1,
                                        sizeof *orders->threads);
    orders->threads[orders->threads_count++] = id;
    table_put(&reading->threads, id, (void *)(uintptr_t)orders->threads_count);
    return (uint32_t)orders->threads_count;
}

static uint32_t lock_number(struct reading *reading, uint32_t id) {
    struct orders *orders = reading->orders;
    uintptr_t number = (uintptr_t)table_find(&reading->locks, id);
    if (number)
        return (uint32_t)number;
    orders->locks = memory_array_grow(orders->locks, &orders->locks_capacity, orders->locks_count + 1,
                                      sizeof *orders->locks);
    orders->locks[orders->locks_count++] = (struct orders_lock){.id = id};
    table_put(&reading->locks, id, (void *)(uintptr_t)orders->locks_count);
    return (uint32_t)orders->locks_count;
}

static void add_event(struct orders *orders, enum orders_event_type type, uint32_t a, uint32_t b) {
    orders->events = memory_array_grow(orders->events, &orders->events_capacity, orders->events_count + 1,
                                       sizeof *orders->events);
    orders->events[orders->events_count++] = (struct orders_event){type, a, b};
}

static void add_lock(struct reading *reading, const struct recording_lock *record) {
    uint32_t number = lock_number(reading, record->lock);
    struct orders_lock *lock = &reading->orders->locks[number - 1];
    lock->kind = record->kind;
    lock->prefers_writers = record->kind == LOCK_KIND_RWLOCK && record->value == 1;
}

/* Append a hold, unless it is of no lock, or one of a lock that the dependency holds already: that is no
 * recording of ours. */
static void add_hold(struct reading *reading, const struct orders_dependency *dependency,
                     const struct lock_hold *said, struct table *seen) {
    struct orders *orders = reading->orders;
    uint32_t number = said->lock ? lock_number(reading, said->lock) : 0;
    bool known = !number || (seen && table_find(seen, number));
    for (size_t i = dependency->holds_first; !seen && i < orders->holds_count; i++)
        known |= orders->holds[i].lock == number;
    if (known)
        return;
    if (seen)
        table_put(seen, number, seen);
    uint32_t mode = said->mode == LOCK_EXCLUSIVE ? LOCK_EXCLUSIVE : LOCK_SHARED;
    orders->holds[orders->holds_count++] = (struct lock_hold){number, mode, said->stack};
}

#define FEW_HOLDS 16

static void add_dependency(struct reading *reading, const struct recording_dependency *record) {
    struct orders *orders = reading->orders;
    struct orders_dependency dependency = {.thread = thread_number(reading, record->thread),
                                           .segment = record->segment,
                                           .holds_first = orders->holds_count,
                                           .wants = record->wants};
    struct table seen = {0};
    dependency.wants.lock = lock_number(reading, record->wants.lock);
    dependency.wants.mode = record->wants.mode == LOCK_EXCLUSIVE ? LOCK_EXCLUSIVE : LOCK_SHARED;
    orders->holds = memory_array_grow(orders->holds, &orders->holds_capacity,
                                      orders->holds_count + record->holds_count + 1, sizeof *orders->holds);
    for (uint32_t i = 0; i < record->holds_count; i++)
        add_hold(reading, &dependency, &record->holds[i], record->holds_count > FEW_HOLDS ? &seen : NULL);
    table_free(&seen);
    dependency.holds_count = (uint32_t)(orders->holds_count - dependency.holds_first);
    orders->dependencies = memory_array_grow(orders->dependencies, &orders->dependencies_capacity,
                                             orders->dependencies_count + 1, sizeof *orders->dependencies);
    orders->dependencies[orders->dependencies_count] = dependency;
    add_event(orders, ORDERS_DEPENDENCY, (uint32_t)orders->dependencies_count++, 0);
}

static void add_segment(struct reading *reading, const struct recording_segment *record) {
    uint32_t thread = thread_number(reading, record->thread);
    uint32_t cross = thread_number(reading, record->cross_thread);
    if (thread != cross)
        add_event(reading->orders, record->index ? ORDERS_JOINED : ORDERS_CREATED, thread, cross);
}

static void add_semaphore(struct reading *reading, const struct recording_semaphore *record) {
    uint32_t number = lock_number(reading, record->lock);
    struct orders_lock *lock = &reading->orders->locks[number - 1];
    if (record->is_lock) {
        lock->proven = true;
        return;
    }
    lock->signal = true;
    add_event(reading->orders, ORDERS_LOCK_GONE, number, 0);
}

/* Deadlocks that are rings of locks. */
static void add_ring(struct reading *reading, const struct recording_finding *record) {
    struct orders *orders = reading->orders;
    bool happened = record->kind == FINDING_DEADLOCK_ACTUAL;
    if ((!happened && record->kind != FINDING_DEADLOCK_POTENTIAL) || record->shape != FINDING_SHAPE_CYCLE ||
        !record->steps_count)
        return;
    struct orders_ring ring = {orders->ring_locks_count, record->steps_count, happened};
    orders->ring_locks =
        memory_array_grow(orders->ring_locks, &orders->ring_locks_capacity,
                          orders->ring_locks_count + record->steps_count, sizeof *orders->ring_locks);
    for (uint32_t i = 0; i < record->steps_count; i++)
        orders->ring_locks[orders->ring_locks_count++] = lock_number(reading, record->steps[i].wants.lock);
    orders->rings =
        memory_array_grow(orders->rings, &orders->rings_capacity, orders->rings_count + 1, sizeof ring);
    orders->rings[orders->rings_count] = ring;
    if (happened)
        add_event(orders, ORDERS_HAPPENED, (uint32_t)orders->rings_count, 0);
    orders->rings_count++;
}

static void add_record(struct reading *reading, const struct recording_record *record) {
    switch (record->type) {
    case RECORDING_LOCK:
        add_lock(reading, (const struct recording_lock *)record);
        break;
    case RECORDING_LOCK_END:
        add_event(reading->orders, ORDERS_LOCK_GONE,
                  lock_number(reading, ((const struct recording_lock_end *)record)->lock), 0);
        break;
    case RECORDING_DEPENDENCY:
        add_dependency(reading, (const struct recording_dependency *)record);
        break;
    case RECORDING_SEGMENT:
        add_segment(reading, (const struct recording_segment *)record);
        break;
    case RECORDING_SEMAPHORE:
        add_semaphore(reading, (const struct recording_semaphore *)record);
        break;
    case RECORDING_FINDING:
        add_ring(reading, (const struct recording_finding *)record);
        break;
    default:
        break;
    }
}

int orders_read(const char *path, uint64_t base, uint64_t part, struct orders *orders, char *error,
                size_t error_size) {
    struct recording_reader *reader;
    const struct recording_record *record;
    uint64_t offset;
    struct reading reading = {.orders = orders};
    *orders = (struct orders){0};
    int status = recording_reader_open_part(path, base, part, &reader, error, error_size);
    if (status < 0)
        return status;
    while ((record = recording_reader_next(reader, &offset)) != NULL)
        add_record(&reading, record);
    const struct recording_header *header = recording_reader_header(reader);
    orders->incomplete = recording_reader_damage(reader) || header->dropped ||
                         header->lost & (RECORDING_LOST_SPACE | RECORDING_LOST_MEMORY);
    recording_reader_close(reader);
    table_free(&reading.threads);
    table_free(&reading.locks);
    return 0;
}

void orders_free(struct orders *orders) {
    free(orders->dependencies);
    free(orders->holds);
    free(orders->events);
    free(orders->rings);
    free(orders->ring_locks);
    free(orders->locks);
    free(orders->threads);
    *orders = (struct orders){0};
}

static int add_to_segments(struct segments *segments, const struct orders_event *event, uint32_t before) {
    int status = 0;
    if (event->type == ORDERS_CREATED)
        status = segments_start(segments, before + event->a, before + event->b);
    else if (event->type == ORDERS_JOINED)
        status = segments_join(segments, before + event->a, before + event->b);
    return status < 0 ? status : 0;
}

int orders_segments(const struct orders *orders, struct segments *segments, uint32_t before) {
    int status = 0;
    for (uint32_t i = 1; i <= orders->threads_count && status >= 0; i++)
        status = segments_start(segments, before + i, 0);
    for (size_t i = 0; i < orders->events_count && status >= 0; i++)
        status = add_to_segments(segments, &orders->events[i], before);
    return status < 0 ? status : 0;
}

/* ---- replaying ---- */

struct replay {
    void (*visit)(void *context, const uint32_t *locks, uint32_t count);
    void *context;
    uint32_t found;
};

static uint32_t found(void *context, const struct finding *finding) {
    struct replay *replay = context;
    size_t capacity = 0;
    uint32_t *locks = memory_array_grow(NULL, &capacity, finding->steps_count, sizeof *locks);
    for (uint32_t i = 0; i < finding->steps_count; i++)
        locks[i] = finding->steps[i].wants.lock;
    replay->visit(replay->context, locks, finding->steps_count);
    free(locks);
    return ++replay->found;
}

static void again(void *context, uint32_t number) {
    (void)context;
    (void)number;
}

static int replay_event(const struct orders *orders, struct segments *segments, struct lock_graph *graph,
                        const struct orders_event *event) {
    if (event->type == ORDERS_LOCK_GONE)
        lock_graph_remove(graph, event->a);
    if (event->type == ORDERS_HAPPENED) {
        const struct orders_ring *ring = &orders->rings[event->a];
        lock_graph_mark_reported(graph, orders->ring_locks + ring->first, ring->count, 0);
    }
    if (event->type != ORDERS_DEPENDENCY)
        return add_to_segments(segments, event, 0);
    const struct orders_dependency *from = &orders->dependencies[event->a];
    struct lock_dependency dependency = {from->thread, from->segment, from->holds_count,
                                         orders->holds + from->holds_first, from->wants};
    int status = orders->locks[from->wants.lock - 1].prefers_writers
                     ? lock_graph_prefers_writers(graph, from->wants.lock)
                     : 0;
    return status < 0 ? status : lock_graph_add(graph, &dependency);
}

int orders_replay(const struct orders *orders,
                  void (*visit)(void *context, const uint32_t *locks, uint32_t count), void *context) {
    struct replay replay = {.visit = visit, .context = context};
    struct lock_graph_listener listener = {&replay, found, again};
    struct arena arena;
    struct lock_graph_options options = {0};
    pages_start();
    arena_init(&arena, pages_get);
    struct segments *segments = segments_create(&arena);
    struct lock_graph *graph = segments ? lock_graph_create(&arena, segments, &options, &listener) : NULL;
    int status = graph ? 0 : -ENOMEM;
    for (uint32_t i = 1; i <= orders->threads_count && status >= 0; i++)
        status = segments_start(segments, i, 0);
    for (size_t i = 0; i < orders->events_count && status >= 0; i++)
        status = replay_event(orders, segments, graph, &orders->events[i]);
    pages_end();
    return status < 0 ? status : 0;
}
