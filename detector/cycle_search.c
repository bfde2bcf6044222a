/* Iterative deepening: each round tries the paths for cycles of one more lock, so that the shortest are found
 * first and the only memory is one path. A path's last edge is looked up, not searched for, which makes the
 * usual cycle of two locks one look-up. Where the component hardly branches (a long ring), rounds are cheap,
 * and the length grows by half each time instead, to keep the whole linear.
 *
 * The length of a path is its edges between two locks; its steps are those and the witnesses. A path that
 * begins with a witness begins and ends at the lock that this one wants.
 */
#include "detector/cycle_search.h"

#include <errno.h>
#include <string.h>

/* What a step of the search says: a negative errno too. */
enum { NO = 0, YES = 1, CUT = 2 };

/* What finding an edge by its locks costs, when following one costs 1. */
#define LOOK_UP 4

struct path {
    uint32_t count;  /* steps */
    uint32_t length; /* edges between two locks */
};

struct round {
    uint32_t longest; /* visit cycles of up to this many edges */
    uint32_t done;    /* those of up to this many have been visited */
    bool longer_left; /* some path goes on beyond `longest` */
};

static struct lock_node *end_of(const struct cycle_step *step) {
    return (struct lock_node *)step->edge->place.to;
}

static bool spend(struct cycle_search *search, uint64_t steps) {
    bool enough = search->budget >= steps;
    search->budget -= enough ? steps : search->budget;
    return enough;
}

/* ---- uses that go together ---- */

static bool are_concurrent(const struct dependencies *d, const struct cycle_step *a,
                           const struct cycle_step *b) {
    if (d->concurrent)
        return d->concurrent(d->concurrent_context, a->thread, a->segment, b->thread, b->segment);
    return segments_concurrent(d->segments, a->thread, a->segment, b->thread, b->segment);
}

static bool go_together(const struct cycle_search *search, const struct cycle_step *a,
                        const struct cycle_step *b) {
    const struct dependencies *d = search->dependencies;
    if (d->alone)
        return a->thread == b->thread && !lockset_excludes(a->held, b->held);
    return a->thread != b->thread && !lockset_excludes(a->held, b->held) && are_concurrent(d, a, b);
}

/* Of a thread that is alone only one use can go together with its others. */
static const struct edge_use *next_use(const struct cycle_search *search, const struct cycle_step *step) {
    const struct dependencies *d = search->dependencies;
    if (step->use)
        return d->alone ? NULL : step->use->next;
    return d->alone ? dependencies_use(d, step->edge, search->steps[0].thread, search->steps[0].segment)
                    : step->edge->uses;
}

/* Move the step to the edge's next use, or to the use's next gate set; false after the last one, and then it
 * is before the first again. */
static bool advance(const struct cycle_search *search, struct cycle_step *step) {
    if (step->gates)
        step->gates = step->gates->next;
    if (!step->gates) {
        step->use = next_use(search, step);
        if (!step->use)
            return false;
        step->gates = &step->use->gates;
    }
    step->thread = step->use->key.thread;
    step->segment = step->use->key.segment;
    step->held = step->gates->held;
    return true;
}

static void rewind_to_first(struct cycle_step *step) {
    step->use = NULL;
    step->gates = NULL;
}

/* Move steps[i] to its next use that goes together with those of the steps before it. */
static int choose(struct cycle_search *search, uint32_t i) {
    while (advance(search, &search->steps[i])) {
        if (!spend(search, 1 + i / 256)) /* a long cycle has many comparisons per use */
            return CUT;
        uint32_t j = 0;
        while (j < i && go_together(search, &search->steps[j], &search->steps[i]))
            j++;
        if (j == i)
            return YES;
    }
    return NO;
}

/* Find uses for steps[first] (not the start) to steps[last] that go together with each other and with the
 * uses of the steps before, trying all there are. */
static int choose_all(struct cycle_search *search, uint32_t first, uint32_t last) {
    uint32_t i = first;
    rewind_to_first(&search->steps[i]);
    while (i >= first) {
        int chosen = choose(search, i);
        if (chosen == CUT)
            return CUT;
        if (chosen == NO)
            i--;
        else if (i == last)
            return YES;
        else
            rewind_to_first(&search->steps[++i]);
    }
    return NO;
}

/* The steps before steps[first] have uses that go together: find uses for them and the steps up to the last.
 * Mostly some fit to those chosen; if not, others may do. When none do, the steps before keep theirs. */
static int choose_with(struct cycle_search *search, uint32_t first, uint32_t last) {
    int chosen = choose_all(search, first, last);
    if (chosen != NO || first == 1)
        return chosen;
    memcpy(search->kept, search->steps, first * sizeof *search->steps);
    chosen = choose_all(search, 1, last);
    if (chosen == NO)
        memcpy(search->steps, search->kept, first * sizeof *search->steps);
    return chosen;
}

/* ---- paths ---- */

/* Whether the second edge's thread makes the first one's wait where they meet. */
enum meeting { PASSES, BLOCKS, BLOCKS_WITH_WITNESS };

static enum meeting meet(const struct lock_edge *first, const struct lock_edge *second) {
    bool shared = first->key.wanted_mode != LOCK_EXCLUSIVE;
    if (dependencies_are_writers(second)) /* the start: it is a witness for those who are shared */
        return shared ? BLOCKS : PASSES;
    if (second->key.held_mode == LOCK_EXCLUSIVE)
        return dependencies_are_writers(first) ? PASSES : BLOCKS;
    if (!shared)
        return BLOCKS;
    return ((struct lock_node *)first->place.to)->writers ? BLOCKS_WITH_WITNESS : PASSES;
}

/* Put the edge behind the path of `count` steps, with a witness before it where one is needed. Returns the
 * count with them, or 0 when the edge lets the path's last one pass. */
static uint32_t append(struct cycle_search *search, uint32_t count, const struct lock_edge *edge) {
    struct cycle_step *steps = search->steps;
    enum meeting meeting = meet(steps[count - 1].edge, edge);
    if (meeting == PASSES)
        return 0;
    if (meeting == BLOCKS_WITH_WITNESS) {
        steps[count].edge = end_of(&steps[count - 1])->writers;
        count++;
    }
    steps[count].edge = edge;
    return count + 1;
}

/* Visit the cycles of the path of `count` steps and the edge, which leads back to where it began. */
static int close_with(struct cycle_search *search, uint32_t count, const struct lock_edge *edge) {
    struct cycle_step *steps = search->steps;
    uint32_t whole = append(search, count, edge);
    enum meeting meeting = whole ? meet(edge, steps[0].edge) : PASSES;
    if (meeting == PASSES)
        return NO;
    if (meeting == BLOCKS_WITH_WITNESS)
        steps[whole++].edge = ((struct lock_node *)edge->place.to)->writers;
    int outcome = choose_with(search, count, whole - 1);
    return outcome == YES ? search->visitor(search->context, steps, whole) : outcome;
}

/* Visit the cycles of the path of `count` steps and one more edge, back to where it began. */
static int close_path(struct cycle_search *search, uint32_t count) {
    struct cycle_step *steps = search->steps;
    struct edge_key key = {.held = end_of(&steps[count - 1])->lock, .wanted = steps[0].edge->key.held};
    for (unsigned modes = 0; modes < 4; modes++) {
        key.held_mode = modes & 1;
        key.wanted_mode = modes >> 1;
        if (!search->dependencies->modes_seen[key.held_mode][key.wanted_mode])
            continue;
        if (!spend(search, LOOK_UP))
            return CUT;
        const struct lock_edge *last = dependencies_find(search->dependencies, &key);
        int outcome = last ? close_with(search, count, last) : NO;
        if (outcome != NO)
            return outcome;
    }
    return NO;
}

/* Return whether the path may go on with this edge, and then in *whole how many steps it has with it. */
static int may_follow(struct cycle_search *search, const struct path *path, const struct lock_edge *edge,
                      uint32_t *whole) {
    if (!spend(search, 1))
        return CUT;
    if (((struct lock_node *)edge->place.to)->on_path || (*whole = append(search, path->count, edge)) == 0)
        return NO;
    return choose_with(search, path->count, *whole - 1);
}

/* The path has got one more edge: close it, and say where it goes on from here (NULL: nowhere). */
static int enter(struct cycle_search *search, struct round *round, const struct path *path,
                 const struct topo_edge **next) {
    *next = topo_order_first_inside(&end_of(&search->steps[path->count - 1])->place);
    if (path->length + 1 > round->done) {
        int outcome = close_path(search, path->count);
        if (outcome != NO)
            return outcome;
    }
    if (path->length + 1 < round->longest)
        return NO;
    for (; *next && !round->longer_left; *next = topo_order_next_inside(*next)) {
        uint32_t whole;
        int outcome = may_follow(search, path, (const struct lock_edge *)*next, &whole);
        if (outcome == CUT)
            return CUT;
        round->longer_left = outcome == YES;
    }
    *next = NULL;
    return NO;
}

/* Take the last edge from the path, with the witness before it. */
static void leave(struct cycle_search *search, struct path *path) {
    struct cycle_step *steps = search->steps;
    end_of(&steps[--path->count])->on_path = false;
    path->length--;
    if (path->count > 1 && dependencies_are_writers(steps[path->count - 1].edge))
        path->count--;
}

static int run_round(struct cycle_search *search, struct round *round) {
    struct cycle_step *steps = search->steps;
    const struct topo_edge *next;
    struct path path = {.count = 1, .length = dependencies_are_writers(steps[0].edge) ? 0 : 1};
    end_of(&steps[0])->on_path = true;
    int outcome = enter(search, round, &path, &next);
    while (outcome == NO && (next || path.count > 1)) {
        if (!next) {
            next = topo_order_next_inside(&steps[path.count - 1].edge->place);
            leave(search, &path);
            continue;
        }
        uint32_t whole;
        int follows = may_follow(search, &path, (const struct lock_edge *)next, &whole);
        if (follows == YES) {
            path.count = whole;
            path.length++;
            end_of(&steps[whole - 1])->on_path = true;
            outcome = enter(search, round, &path, &next);
        } else if (follows == NO) {
            next = topo_order_next_inside(next);
        } else {
            outcome = follows;
        }
    }
    while (path.count > 1)
        leave(search, &path);
    end_of(&steps[0])->on_path = false;
    return outcome;
}

/* ---- the search ---- */

void cycle_search_init(struct cycle_search *search, const struct dependencies *dependencies) {
    *search = (struct cycle_search){.dependencies = dependencies};
}

/* Between two rounds nothing of the path has to be kept. */
static int make_room(struct cycle_search *search, uint32_t count) {
    struct arena *arena = search->dependencies->arena;
    uint32_t capacity = search->capacity ? search->capacity : 16;
    while (capacity < count)
        capacity *= 2;
    if (capacity == search->capacity)
        return 0;
    struct cycle_step *steps = arena_alloc(arena, capacity * sizeof *steps);
    struct cycle_step *kept = arena_alloc(arena, capacity * sizeof *kept);
    if (!steps || !kept) {
        arena_free(arena, steps, capacity * sizeof *steps);
        arena_free(arena, kept, capacity * sizeof *kept);
        return -ENOMEM;
    }
    arena_free(arena, search->steps, search->capacity * sizeof *steps);
    arena_free(arena, search->kept, search->capacity * sizeof *kept);
    search->steps = steps;
    search->kept = kept;
    search->capacity = capacity;
    return 0;
}

/* The start's edge is one lock's own: visit what it closes there with the lock's other one. */
static int close_on_one_lock(struct cycle_search *search, const struct cycle_step *start) {
    const struct lock_node *lock = end_of(start);
    const struct lock_edge *other = dependencies_are_writers(start->edge) ? lock->rereads : lock->writers;
    int outcome = other ? make_room(search, 2) : NO;
    if (!other || outcome != 0)
        return outcome;
    search->steps[0] = *start;
    search->steps[1].edge = other;
    outcome = choose_all(search, 1, 1);
    return outcome == YES ? search->visitor(search->context, search->steps, 2) : outcome;
}

static int run_rounds(struct cycle_search *search, const struct cycle_step *start) {
    uint32_t size = topo_order_component_size(start->edge->place.from);
    struct round round = {.longest = 2, .done = 1};
    for (;;) {
        uint64_t before = search->budget;
        int outcome = make_room(search, 2 * round.longest);
        if (outcome != 0)
            return outcome;
        search->steps[0] = *start;
        round.longer_left = false;
        outcome = run_round(search, &round);
        if (outcome != NO || !round.longer_left || round.longest >= size)
            return outcome;
        bool branches = before - search->budget > 8 * (uint64_t)round.longest;
        round.done = round.longest;
        round.longest += branches || round.longest < 4 ? 1 : round.longest / 2;
        if (round.longest > size)
            round.longest = size;
    }
}

struct cycle_search_result cycle_search_run(struct cycle_search *search, const struct cycle_step *start,
                                            uint64_t budget, cycle_visitor visitor, void *context) {
    struct lock_node *target = (struct lock_node *)start->edge->place.from;
    search->budget = budget;
    search->visitor = visitor;
    search->context = context;
    int outcome = NO;
    if (start->edge->place.to == start->edge->place.from)
        outcome = close_on_one_lock(search, start);
    if (outcome == NO && !dependencies_are_rereads(start->edge)) {
        target->on_path = true;
        outcome = run_rounds(search, start);
        target->on_path = false;
    }
    return (struct cycle_search_result){
        .error = outcome < 0 ? outcome : 0, .cut = outcome == CUT, .spent = budget - search->budget};
}
