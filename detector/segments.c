/* A segment's past is a clock: for each thread, how many of its segments happened before. Clocks are
 * persistent tries over the thread ids. A new one shares all but one path with the one it was made from, and
 * merging two passes over what they share; so a join costs O(log threads) memory when the joiner created the
 * thread, a creation costs none for the first thread's children, and a query is one walk down a trie.
 *
 * The creator's own part of a clock is kept beside the trie (a child's trie is its creator's), and so is a
 * thread's own: its segments are in order of their index.
 */
#include "detector/segments.h"

#include <errno.h>
#include <string.h>

#define LEAF_BITS 4
#define INNER_BITS 3
#define LEAF_SIZE (1u << LEAF_BITS)
#define INNER_SIZE (1u << INNER_BITS)

struct clock_node {
    union {
        struct clock_node *child[INNER_SIZE];
        uint32_t known[LEAF_SIZE]; /* segments of the thread that happened before; 0 is none */
    };
};

struct clock {
    const struct clock_node *root; /* NULL: knows nobody */
    uint32_t height;               /* inner levels above the leaves */
};

/* From segment `first` on, the thread's clock is this. */
struct moment {
    uint32_t first;
    struct clock clock;
};

struct thread {
    uint32_t creator; /* 0: not known */
    uint32_t creator_segment;
    uint32_t current;
    uint32_t moments_count;
    uint32_t moments_capacity;
    bool joined;
    struct moment *moments; /* by `first`, ascending */
    uint32_t next_running;  /* the threads not joined yet, as a list of ids */
    uint32_t previous_running;
};

struct segments {
    struct arena *arena;
    struct thread **threads; /* by id */
    uint32_t capacity;
    uint32_t running; /* head of the list of threads not joined yet */
};

/* ---- clocks ---- */

static uint32_t slot_at(uint32_t thread, uint32_t level) {
    return level == 0 ? thread % LEAF_SIZE
                      : thread >> (LEAF_BITS + INNER_BITS * (level - 1)) & (INNER_SIZE - 1);
}

static bool spans(uint32_t height, uint32_t thread) {
    return (uint64_t)thread >> (LEAF_BITS + INNER_BITS * height) == 0;
}

static uint32_t clock_get(const struct clock *clock, uint32_t thread) {
    if (!spans(clock->height, thread))
        return 0;
    const struct clock_node *node = clock->root;
    for (uint32_t level = clock->height; node && level > 0; level--)
        node = node->child[slot_at(thread, level)];
    return node ? node->known[slot_at(thread, 0)] : 0;
}

static struct clock_node *copy_with(struct arena *arena, const struct clock_node *node, uint32_t level,
                                    uint32_t thread, uint32_t value) {
    struct clock_node *copy = arena_alloc(arena, sizeof *copy);
    if (!copy)
        return NULL;
    if (node)
        *copy = *node;
    uint32_t slot = slot_at(thread, level);
    if (level == 0) {
        copy->known[slot] = value;
        return copy;
    }
    copy->child[slot] = copy_with(arena, copy->child[slot], level - 1, thread, value);
    if (!copy->child[slot]) {
        arena_free(arena, copy, sizeof *copy);
        return NULL;
    }
    return copy;
}

/* Make the clock as high as `height`. Returns -ENOMEM, leaving it as it was or partly raised. */
static int clock_raise(struct arena *arena, struct clock *clock, uint32_t height) {
    while (clock->root && clock->height < height) {
        struct clock_node *above = arena_alloc(arena, sizeof *above);
        if (!above)
            return -ENOMEM;
        above->child[0] = (struct clock_node *)clock->root;
        clock->root = above;
        clock->height++;
    }
    if (clock->height < height)
        clock->height = height;
    return 0;
}

/* Raise the part of `thread` to `value`. */
static int clock_set(struct arena *arena, struct clock *clock, uint32_t thread, uint32_t value) {
    if (clock_get(clock, thread) >= value)
        return 0;
    uint32_t height = clock->height;
    while (!spans(height, thread))
        height++;
    struct clock raised = *clock;
    if (clock_raise(arena, &raised, height) != 0)
        return -ENOMEM;
    raised.root = copy_with(arena, raised.root, raised.height, thread, value);
    if (!raised.root)
        return -ENOMEM;
    *clock = raised;
    return 0;
}

/* Return the node with the larger of each part: `a` or `b` itself where that is possible. Sets *failed when
 * memory ran out; the nodes built by then stay unused. */
static const struct clock_node *merged(struct arena *arena, const struct clock_node *a,
                                       const struct clock_node *b, uint32_t level, bool *failed) {
    if (a == b || !b)
        return a;
    if (!a)
        return b;
    struct clock_node sum;
    bool is_a = true, is_b = true;
    if (level == 0) {
        for (unsigned i = 0; i < LEAF_SIZE; i++) {
            sum.known[i] = a->known[i] > b->known[i] ? a->known[i] : b->known[i];
            is_a &= sum.known[i] == a->known[i];
            is_b &= sum.known[i] == b->known[i];
        }
    } else {
        for (unsigned i = 0; i < INNER_SIZE; i++) {
            sum.child[i] = (struct clock_node *)merged(arena, a->child[i], b->child[i], level - 1, failed);
            is_a &= sum.child[i] == a->child[i];
            is_b &= sum.child[i] == b->child[i];
        }
    }
    if (is_a || is_b)
        return is_a ? a : b;
    struct clock_node *node = arena_alloc(arena, sizeof *node);
    if (!node) {
        *failed = true;
        return a;
    }
    *node = sum;
    return node;
}

static int clock_merge(struct arena *arena, struct clock *clock, struct clock other) {
    struct clock sum = *clock;
    if (clock_raise(arena, &sum, other.height) != 0 || clock_raise(arena, &other, sum.height) != 0)
        return -ENOMEM;
    bool failed = false;
    sum.root = merged(arena, sum.root, other.root, sum.height, &failed);
    if (failed)
        return -ENOMEM;
    *clock = sum;
    return 0;
}

/* ---- threads ---- */

static struct thread *thread_of(const struct segments *s, uint32_t thread) {
    return thread < s->capacity ? s->threads[thread] : NULL;
}

static int make_room(struct segments *s, uint32_t thread) {
    uint64_t capacity = s->capacity ? s->capacity : 64;
    while (capacity <= thread)
        capacity *= 2;
    if (capacity == s->capacity)
        return 0;
    struct thread **threads = arena_alloc(s->arena, capacity * sizeof *threads);
    if (!threads || capacity > UINT32_MAX) {
        arena_free(s->arena, threads, capacity * sizeof *threads);
        return -ENOMEM;
    }
    if (s->threads)
        memcpy(threads, s->threads, s->capacity * sizeof *threads);
    arena_free(s->arena, s->threads, s->capacity * sizeof *threads);
    s->threads = threads;
    s->capacity = (uint32_t)capacity;
    return 0;
}

/* Return the thread, made now if it is not known yet; NULL when memory ran out. */
static struct thread *need_thread(struct segments *s, uint32_t thread) {
    struct thread *known = thread_of(s, thread);
    if (known || make_room(s, thread) != 0)
        return known;
    struct thread *t = arena_alloc(s->arena, sizeof *t);
    if (!t)
        return NULL;
    t->next_running = s->running;
    if (s->running)
        s->threads[s->running]->previous_running = thread;
    s->running = thread;
    s->threads[thread] = t;
    return t;
}

static void stop_running(struct segments *s, struct thread *t, uint32_t thread) {
    if (t->joined)
        return;
    t->joined = true;
    if (t->next_running)
        s->threads[t->next_running]->previous_running = t->previous_running;
    if (s->running == thread)
        s->running = t->next_running;
    else
        s->threads[t->previous_running]->next_running = t->next_running;
}

/* The clock of the thread's segment, without its own part and its creator's. */
static struct clock clock_at(const struct thread *t, uint32_t segment) {
    uint32_t low = 0,
             high =
                 t->moments_count; /* moments before `low` are not after `segment`, from `high` on they are */
    if (high > 0 && t->moments[high - 1].first <= segment)
        return t->moments[high - 1].clock;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (t->moments[middle].first <= segment)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? t->moments[low - 1].clock : (struct clock){0};
}

/* From segment `first` on, the thread's clock is `clock`. */
static int add_moment(struct segments *s, struct thread *t, uint32_t first, struct clock clock) {
    if (t->moments_count == t->moments_capacity) {
        uint32_t capacity = t->moments_capacity ? t->moments_capacity * 2 : 1;
        struct moment *moments = arena_alloc(s->arena, capacity * sizeof *moments);
        if (!moments)
            return -ENOMEM;
        if (t->moments)
            memcpy(moments, t->moments, t->moments_count * sizeof *moments);
        arena_free(s->arena, t->moments, t->moments_capacity * sizeof *moments);
        t->moments = moments;
        t->moments_capacity = capacity;
    }
    t->moments[t->moments_count++] = (struct moment){.first = first, .clock = clock};
    return 0;
}

/* ---- the relation ---- */

struct segments *segments_create(struct arena *arena) {
    struct segments *s = arena_alloc(arena, sizeof *s);
    if (s)
        s->arena = arena;
    return s;
}

int segments_start(struct segments *s, uint32_t thread, uint32_t creator) {
    struct thread *c = creator ? need_thread(s, creator) : NULL;
    struct thread *t = need_thread(s, thread);
    if (!t || (creator && !c))
        return -ENOMEM;
    if (!c)
        return 0;
    struct clock clock = clock_at(c, c->current);
    if (c->creator && clock_set(s->arena, &clock, c->creator, c->creator_segment + 1) != 0)
        return -ENOMEM;
    if (clock.root && add_moment(s, t, 0, clock) != 0)
        return -ENOMEM;
    t->creator = creator;
    t->creator_segment = c->current;
    return (int)++c->current;
}

int segments_join(struct segments *s, uint32_t joiner, uint32_t ended) {
    struct thread *j = need_thread(s, joiner), *e = need_thread(s, ended);
    if (!j || !e)
        return -ENOMEM;
    struct clock clock = clock_at(j, j->current);
    if (clock_merge(s->arena, &clock, clock_at(e, e->current)) != 0 ||
        (e->creator && e->creator != joiner &&
         clock_set(s->arena, &clock, e->creator, e->creator_segment + 1) != 0) ||
        clock_set(s->arena, &clock, ended, e->current + 1) != 0 ||
        add_moment(s, j, j->current + 1, clock) != 0)
        return -ENOMEM;
    stop_running(s, e, ended);
    return (int)++j->current;
}

uint32_t segments_current(const struct segments *s, uint32_t thread) {
    const struct thread *t = thread_of(s, thread);
    return t ? t->current : 0;
}

bool segments_before(const struct segments *s, uint32_t a, uint32_t i, uint32_t b, uint32_t j) {
    if (a == b)
        return i <= j;
    const struct thread *t = thread_of(s, b);
    if (!t)
        return false;
    if (t->creator == a && i <= t->creator_segment)
        return true;
    struct clock clock = clock_at(t, j);
    return i < clock_get(&clock, a);
}

bool segments_concurrent(const struct segments *s, uint32_t a, uint32_t i, uint32_t b, uint32_t j) {
    return !segments_before(s, a, i, b, j) && !segments_before(s, b, j, a, i);
}

bool segments_joined(const struct segments *s, uint32_t thread) {
    const struct thread *t = thread_of(s, thread);
    return t && t->joined;
}

bool segments_over(const struct segments *s, uint32_t thread, uint32_t segment) {
    for (uint32_t other = s->running; other; other = s->threads[other]->next_running)
        if (!segments_before(s, thread, segment, other, s->threads[other]->current))
            return false;
    return true;
}
