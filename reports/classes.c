#include "reports/classes.h"

#include <errno.h>
#include <stdlib.h>

#include "detector/lock_graph.h"
#include "reports/finding_id.h"
#include "reports/frames.h"
#include "reports/message.h"
#include "reports/orders.h"
#include "reports/pages.h"
#include "reports/table.h"

#define OUTWARD 16 /* wrappers around wrappers */
#define SAMPLES 16 /* of nested locks of one class, in each direction */

struct class {
    uint32_t first; /* number of a lock of it */
    uint32_t count; /* of its locks */
    const struct report_lock *shown;
    const struct orders_dependency *nested[2][SAMPLES]; /* against and by the order of addresses */
    uint32_t nested_count[2];
};

struct classes {
    const struct merge_source *source;
    struct memory_pool *pool;
    struct orders orders;
    struct memory_pool scratch;
    uint64_t *keys;     /* of the locks, by number - 1; 0: in no class */
    uint32_t *class_of; /* number - 1 of the class, by number - 1 of the lock */
    struct class *all;
    size_t count;
    struct segments *segments;
    void (*visit)(void *context, const struct report_finding *finding, size_t holds);
    void *context;
    uint32_t found;
};

static uint64_t mixed(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static uint64_t text_hash(uint64_t hash, const char *text) {
    for (; text && *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

/* ---- which locks are of one class ---- */

/* The place so many calls outside of the innermost one; 0 beyond the stack. */
static uint64_t place_key(const struct report_stack *stack, unsigned outward) {
    struct frames_walk walk = frames_begin(stack, false);
    const struct report_frame *frame = frames_next(&walk);
    while (frame && outward--)
        frame = frames_next(&walk);
    if (!frame)
        return 0;
    uint64_t hash = text_hash(text_hash(3, frame->module ? frame->module : frame->file), frame->function);
    return mixed(mixed(hash, frame->module ? frame->offset : 0), frame->line) | 1;
}

/* What the lock is known by while `outward` wrappers are left out; 0 when it has no such place. */
static uint64_t key_of(const struct classes *classes, const struct orders_lock *lock, unsigned outward) {
    const struct report_lock *about = resolver_lock(classes->source->resolver, lock->id);
    if (about->initialised.count)
        return place_key(&about->initialised, outward);
    if (!about->variable && about->first.count)
        return mixed(finding_id_stack(&about->first), lock->kind) | 1;
    return mixed(mixed(5, about->address), lock->id) | 1;
}

static bool has_class(const struct orders_lock *lock) {
    return lock->id && lock->kind && lock->kind != LOCK_KIND_THREAD && lock->kind != LOCK_KIND_GIL &&
           (lock->kind != LOCK_KIND_SEMAPHORE || (lock->proven && !lock->signal));
}

/* Note the places that initialise variables of different names. */
static void find_wrappers(const struct classes *classes, struct table *wrappers) {
    struct table names = {0};
    for (size_t i = 0; i < classes->orders.locks_count; i++) {
        const struct orders_lock *lock = &classes->orders.locks[i];
        const struct report_lock *about =
            has_class(lock) ? resolver_lock(classes->source->resolver, lock->id) : NULL;
        if (!about || !about->initialised.count || !about->variable || !classes->keys[i])
            continue;
        uint64_t name = text_hash(7, about->variable) | 1;
        uintptr_t known = (uintptr_t)table_find(&names, classes->keys[i]);
        if (known && known != name)
            table_put(wrappers, classes->keys[i], wrappers);
        table_put(&names, classes->keys[i], (void *)(uintptr_t)name);
    }
    table_free(&names);
}

static void find_keys(struct classes *classes) {
    bool moved = true;
    for (size_t i = 0; i < classes->orders.locks_count; i++)
        if (has_class(&classes->orders.locks[i]))
            classes->keys[i] = key_of(classes, &classes->orders.locks[i], 0);
    for (unsigned outward = 1; outward <= OUTWARD && moved; outward++) {
        struct table wrappers = {0};
        find_wrappers(classes, &wrappers);
        moved = wrappers.count > 0;
        for (size_t i = 0; i < classes->orders.locks_count && moved; i++) {
            if (!classes->keys[i] || !table_find(&wrappers, classes->keys[i]))
                continue;
            uint64_t outer = key_of(classes, &classes->orders.locks[i], outward);
            classes->keys[i] = outer ? outer : mixed(9, i) | 1;
        }
        table_free(&wrappers);
    }
}

static void find_classes(struct classes *classes) {
    struct table known = {0};
    for (uint32_t i = 0; i < classes->orders.locks_count; i++) {
        uint64_t key = classes->keys[i] ? classes->keys[i] : mixed(11, i) | 1;
        uintptr_t number = (uintptr_t)table_find(&known, key);
        if (!number) {
            classes->all[classes->count].first = i + 1;
            number = ++classes->count;
            table_put(&known, key, (void *)number);
        }
        classes->class_of[i] = (uint32_t)number;
        classes->all[number - 1].count++;
    }
    table_free(&known);
}

/* ---- findings ---- */

static const struct report_lock *lock_of(struct classes *classes, uint32_t number) {
    const struct orders_lock *lock = &classes->orders.locks[number - 1];
    return resolver_lock(classes->source->resolver, lock->id);
}

static const struct report_lock *shown(struct classes *classes, uint32_t number) {
    struct class *class = &classes->all[number - 1];
    if (class->shown)
        return class->shown;
    const struct report_lock *one = lock_of(classes, class->first);
    class->shown = one;
    if (class->count > 1) {
        struct report_lock *any = memory_pool_alloc(classes->pool, sizeof *any);
        *any = *one;
        any->address = 0;
        any->name = memory_pool_format(classes->pool, "%s (one of %u)", one->name, class->count);
        class->shown = any;
    }
    return class->shown;
}

static struct report_finding note_of(const struct classes *classes, const struct report_step *steps,
                                     size_t count) {
    return (struct report_finding){.kind = FINDING_DEADLOCK_POTENTIAL,
                                   .shape = FINDING_SHAPE_CYCLE,
                                   .severity = FINDING_NOTE,
                                   .pid = classes->source->process->pid,
                                   .process = classes->source->process,
                                   .steps = steps,
                                   .steps_count = count};
}

static struct report_hold class_hold(struct classes *classes, const struct lock_hold *hold) {
    struct resolver *resolver = classes->source->resolver;
    return (struct report_hold){shown(classes, hold->lock), hold->mode,
                                resolver_stack(resolver, hold->stack)};
}

static uint32_t found(void *context, const struct finding *finding) {
    struct classes *classes = context;
    struct resolver *resolver = classes->source->resolver;
    struct report_step *steps = memory_pool_alloc(classes->pool, finding->steps_count * sizeof *steps);
    size_t holds_count = 0;
    for (uint32_t i = 0; i < finding->steps_count; i++) {
        const struct finding_step *from = &finding->steps[i];
        struct report_hold *holds = memory_pool_alloc(classes->pool, (from->holds_count + 1) * sizeof *holds);
        for (uint32_t k = 0; k < from->holds_count; k++)
            holds[k] = class_hold(classes, &from->holds[k]);
        holds_count += from->holds_count;
        steps[i] = (struct report_step){
            .thread = resolver_thread(resolver, classes->orders.threads[from->thread - 1]),
            .holds = holds,
            .holds_count = from->holds_count,
            .wants = class_hold(classes, &from->wants)};
    }
    struct report_finding note = note_of(classes, steps, finding->steps_count);
    note.message = memory_pool_format(
        classes->pool, "%s (between classes of locks: no two threads were seen to take the same ones)",
        message_of(classes->pool, &note));
    classes->visit(classes->context, &note, holds_count);
    return ++classes->found;
}

static void again(void *context, uint32_t number) {
    (void)context;
    (void)number;
}

/* ---- between classes ---- */

/* The dependency with classes for locks. A lock of the class that is wanted says nothing between classes. */
static int add_dependency(struct classes *classes, struct lock_graph *graph,
                          const struct orders_dependency *from, struct lock_hold *holds) {
    const struct orders *orders = &classes->orders;
    uint32_t count = 0, wanted = classes->class_of[from->wants.lock - 1];
    if (!has_class(&orders->locks[from->wants.lock - 1]))
        return 0;
    for (uint32_t i = 0; i < from->holds_count; i++) {
        const struct lock_hold *hold = &orders->holds[from->holds_first + i];
        uint32_t class = classes->class_of[hold->lock - 1], k = 0;
        if (class == wanted || !has_class(&orders->locks[hold->lock - 1]))
            continue;
        while (k < count && holds[k].lock != class)
            k++;
        if (k < count && hold->mode == LOCK_EXCLUSIVE)
            holds[k].mode = LOCK_EXCLUSIVE;
        if (k == count)
            holds[count++] = (struct lock_hold){class, hold->mode, hold->stack};
    }
    struct lock_dependency dependency = {
        from->thread, from->segment, count, holds, {wanted, from->wants.mode, from->wants.stack}};
    return count ? lock_graph_add(graph, &dependency) : 0;
}

/* What happened between locks is not said again of their classes. */
static void mark_known(const struct classes *classes, struct lock_graph *graph) {
    const struct orders *orders = &classes->orders;
    for (size_t i = 0; i < orders->rings_count; i++) {
        const struct orders_ring *ring = &orders->rings[i];
        size_t capacity = 0;
        uint32_t *of = memory_array_grow(NULL, &capacity, ring->count, sizeof *of);
        for (uint32_t k = 0; k < ring->count; k++)
            of[k] = classes->class_of[orders->ring_locks[ring->first + k] - 1];
        lock_graph_mark_reported(graph, of, ring->count, 0);
        free(of);
    }
}

static int search(struct classes *classes, struct merge_bounds *bounds) {
    struct lock_graph_listener listener = {classes, found, again};
    struct lock_graph_options options = {0};
    struct arena arena;
    struct lock_graph_counts counts;
    arena_init(&arena, pages_get);
    struct lock_graph *graph = lock_graph_create(&arena, classes->segments, &options, &listener);
    if (!graph)
        return -ENOMEM;
    mark_known(classes, graph);
    size_t capacity = 0;
    struct lock_hold *holds = NULL;
    int status = 0;
    for (size_t i = 0; i < classes->orders.dependencies_count && status >= 0; i++) {
        const struct orders_dependency *dependency = &classes->orders.dependencies[i];
        holds = memory_array_grow(holds, &capacity, dependency->holds_count + 1, sizeof *holds);
        status = add_dependency(classes, graph, dependency, holds);
    }
    free(holds);
    lock_graph_count(graph, &counts);
    bounds->cut_searches += counts.cut_searches;
    bounds->unlisted += counts.unreported;
    bounds->unkept += counts.dropped;
    return status < 0 ? status : 0;
}

/* ---- within one class ---- */

/* The lock of the wanted one's class that the dependency holds, NULL when there is none. */
static const struct lock_hold *sibling(const struct classes *classes, const struct orders_dependency *one) {
    for (uint32_t i = 0; i < one->holds_count; i++) {
        const struct lock_hold *hold = &classes->orders.holds[one->holds_first + i];
        if (hold->lock != one->wants.lock && has_class(&classes->orders.locks[hold->lock - 1]) &&
            classes->class_of[hold->lock - 1] == classes->class_of[one->wants.lock - 1] &&
            (hold->mode == LOCK_EXCLUSIVE || one->wants.mode == LOCK_EXCLUSIVE))
            return hold;
    }
    return NULL;
}

/* Whether the two can meet: no lock excludes one while the other holds it. */
static bool can_meet(const struct classes *classes, const struct orders_dependency *a,
                     const struct orders_dependency *b) {
    const struct lock_hold *holds = classes->orders.holds;
    if (a->thread == b->thread ||
        !segments_concurrent(classes->segments, a->thread, a->segment, b->thread, b->segment))
        return false;
    for (uint32_t i = 0; i < a->holds_count; i++)
        for (uint32_t k = 0; k < b->holds_count; k++) {
            const struct lock_hold *x = &holds[a->holds_first + i], *y = &holds[b->holds_first + k];
            if (x->lock == y->lock && (x->mode == LOCK_EXCLUSIVE || y->mode == LOCK_EXCLUSIVE))
                return false;
        }
    return true;
}

static struct report_hold own_hold(struct classes *classes, const struct lock_hold *hold) {
    struct resolver *resolver = classes->source->resolver;
    return (struct report_hold){lock_of(classes, hold->lock), hold->mode,
                                resolver_stack(resolver, hold->stack)};
}

static void report_nested(struct classes *classes, const struct orders_dependency *const sides[2]) {
    struct report_step *steps = memory_pool_alloc(classes->pool, 2 * sizeof *steps);
    for (int i = 0; i < 2; i++) {
        struct report_hold *hold = memory_pool_alloc(classes->pool, sizeof *hold);
        *hold = own_hold(classes, sibling(classes, sides[i]));
        steps[i] =
            (struct report_step){.thread = resolver_thread(classes->source->resolver,
                                                           classes->orders.threads[sides[i]->thread - 1]),
                                 .holds = hold,
                                 .holds_count = 1,
                                 .wants = own_hold(classes, &sides[i]->wants)};
    }
    struct report_finding note = note_of(classes, steps, 2);
    const char *name = lock_of(classes, sides[0]->wants.lock)->name;
    note.message = memory_pool_format(
        classes->pool,
        "deadlock possible within a class of locks: %s and %s take two of its locks, the one by the order of "
        "their addresses, the other against it: %s",
        steps[1].thread->name, steps[0].thread->name, name);
    classes->visit(classes->context, &note, 2);
}

static void find_nested(struct classes *classes) {
    for (size_t i = 0; i < classes->orders.dependencies_count; i++) {
        const struct orders_dependency *one = &classes->orders.dependencies[i];
        const struct lock_hold *held = sibling(classes, one);
        if (!held || !has_class(&classes->orders.locks[one->wants.lock - 1]))
            continue;
        struct class *class = &classes->all[classes->class_of[one->wants.lock - 1] - 1];
        bool upward = lock_of(classes, held->lock)->address < lock_of(classes, one->wants.lock)->address;
        if (class->nested_count[upward] < SAMPLES)
            class->nested[upward][class->nested_count[upward]++] = one;
    }
    for (size_t i = 0; i < classes->count; i++) {
        const struct class *class = &classes->all[i];
        bool told = false;
        for (uint32_t a = 0; a < class->nested_count[0] && !told; a++)
            for (uint32_t b = 0; b < class->nested_count[1] && !told; b++) {
                const struct orders_dependency *sides[2] = {class->nested[0][a], class->nested[1][b]};
                const struct lock_hold *x = sibling(classes, sides[0]), *y = sibling(classes, sides[1]);
                /* The same two locks are a finding of their own. */
                if ((x->lock == sides[1]->wants.lock && y->lock == sides[0]->wants.lock) ||
                    !can_meet(classes, sides[0], sides[1]))
                    continue;
                report_nested(classes, sides);
                told = true;
            }
    }
}

int classes_look(const struct merge_source *source, struct memory_pool *pool,
                 void (*visit)(void *context, const struct report_finding *finding, size_t holds),
                 void *context, struct merge_bounds *bounds, char *error, size_t error_size) {
    struct classes classes = {.source = source, .pool = pool, .visit = visit, .context = context};
    struct arena arena;
    int status = orders_read(source->path, source->base, source->part, &classes.orders, error, error_size);
    if (status < 0)
        return status;
    pages_start();
    arena_init(&arena, pages_get);
    classes.segments = segments_create(&arena);
    status = classes.segments ? orders_segments(&classes.orders, classes.segments, 0) : -ENOMEM;
    if (!status) {
        size_t locks = classes.orders.locks_count;
        classes.keys = memory_pool_alloc(&classes.scratch, (locks + 1) * sizeof *classes.keys);
        classes.class_of = memory_pool_alloc(&classes.scratch, (locks + 1) * sizeof *classes.class_of);
        classes.all = memory_pool_alloc(&classes.scratch, (locks + 1) * sizeof *classes.all);
        find_keys(&classes);
        find_classes(&classes);
        status = search(&classes, bounds);
    }
    if (!status)
        find_nested(&classes);
    pages_end();
    memory_pool_free(&classes.scratch);
    orders_free(&classes.orders);
    return status;
}
