/* Iterative deepening: each round tries the paths for cycles of one more lock, so that the shortest are found
 * first and the only memory is one path. A path's last edge is looked up, not searched for, which makes the
 * usual cycle of two locks one look-up. Where the component hardly branches (a long ring), rounds are cheap,
 * and the length grows by half each time instead, to keep the whole linear.
 */
#include "detector/cycle_search.h"

#include <errno.h>
#include <string.h>

/* What a step of the search says: a negative errno too. */
enum { NO = 0, YES = 1, CUT = 2 };

/* What finding an edge by its locks costs, when following one costs 1. */
#define LOOK_UP 4

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

static bool go_together(const struct cycle_search *search, const struct cycle_step *a,
                        const struct cycle_step *b) {
    return a->thread != b->thread && !lockset_excludes(a->held, b->held) &&
           segments_concurrent(search->dependencies->segments, a->thread, a->segment, b->thread, b->segment);
}

/* Move the step to the edge's next use, or to the use's next gate set; false after the last one, and then it
 * is before the first again. */
static bool advance(struct cycle_step *step) {
    if (step->gates)
        step->gates = step->gates->next;
    if (!step->gates) {
        step->use = step->use ? step->use->next : step->edge->uses;
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
    while (advance(&search->steps[i])) {
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

/* Find uses for steps[1] to steps[last] that all go together, trying all there are. */
static int choose_all(struct cycle_search *search, uint32_t last) {
    uint32_t i = 1;
    rewind_to_first(&search->steps[i]);
    while (i > 0) {
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

/* The steps before steps[last] have uses that go together: find uses for them and it. Mostly it fits to those
 * chosen; if not, others may do. When none do, the steps before keep theirs. */
static int choose_with(struct cycle_search *search, uint32_t last) {
    rewind_to_first(&search->steps[last]);
    int chosen = choose(search, last);
    if (chosen != NO || last == 1)
        return chosen;
    memcpy(search->kept, search->steps, last * sizeof *search->steps);
    chosen = choose_all(search, last);
    if (chosen == NO)
        memcpy(search->steps, search->kept, last * sizeof *search->steps);
    return chosen;
}

/* ---- paths ---- */

/* Return whether the second edge's thread blocks the first one's where they meet. */
static bool blocks(const struct lock_edge *first, const struct lock_edge *second) {
    return first->key.wanted_mode == LOCK_EXCLUSIVE || second->key.held_mode == LOCK_EXCLUSIVE;
}

/* Visit the cycles of the path's `count` edges and one more, back to where it began. */
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
        if (!last || !blocks(steps[count - 1].edge, last) || !blocks(last, steps[0].edge))
            continue;
        steps[count].edge = last;
        int outcome = choose_with(search, count);
        if (outcome == YES)
            outcome = search->visitor(search->context, steps, count + 1);
        if (outcome != NO)
            return outcome;
    }
    return NO;
}

/* Return whether the path of `count` edges may go on with this one. */
static int may_follow(struct cycle_search *search, uint32_t count, const struct lock_edge *edge) {
    struct cycle_step *steps = search->steps;
    steps[count].edge = edge;
    if (!spend(search, 1))
        return CUT;
    if (end_of(&steps[count])->on_path || !blocks(steps[count - 1].edge, edge))
        return NO;
    return choose_with(search, count);
}

/* The path has got its `count`th edge: close it, and say where it goes on from here (NULL: nowhere). */
static int enter(struct cycle_search *search, struct round *round, uint32_t count,
                 const struct topo_edge **next) {
    *next = topo_order_first_inside(&end_of(&search->steps[count - 1])->place);
    if (count + 1 > round->done) {
        int outcome = close_path(search, count);
        if (outcome != NO)
            return outcome;
    }
    if (count + 1 < round->longest)
        return NO;
    for (; *next && !round->longer_left; *next = topo_order_next_inside(*next)) {
        int outcome = may_follow(search, count, (const struct lock_edge *)*next);
        if (outcome == CUT)
            return CUT;
        round->longer_left = outcome == YES;
    }
    *next = NULL;
    return NO;
}

static int run_round(struct cycle_search *search, struct round *round) {
    struct cycle_step *steps = search->steps;
    const struct topo_edge *next;
    uint32_t count = 1;
    end_of(&steps[0])->on_path = true;
    int outcome = enter(search, round, count, &next);
    while (outcome == NO && count > 0) {
        if (!next) {
            end_of(&steps[--count])->on_path = false;
            next = count > 0 ? topo_order_next_inside(&steps[count].edge->place) : NULL;
            continue;
        }
        int follows = may_follow(search, count, (const struct lock_edge *)next);
        if (follows == YES) {
            end_of(&steps[count++])->on_path = true;
            outcome = enter(search, round, count, &next);
        } else if (follows == NO) {
            next = topo_order_next_inside(next);
        } else {
            outcome = follows;
        }
    }
    while (count > 0)
        end_of(&steps[--count])->on_path = false;
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

struct cycle_search_result cycle_search_run(struct cycle_search *search, const struct cycle_step *start,
                                            uint64_t budget, cycle_visitor visitor, void *context) {
    struct lock_node *target = (struct lock_node *)start->edge->place.from;
    uint32_t size = topo_order_component_size(&target->place);
    struct round round = {.longest = 2, .done = 1};
    search->budget = budget;
    search->visitor = visitor;
    search->context = context;
    target->on_path = true;
    int outcome;
    for (;;) {
        uint64_t before = search->budget;
        outcome = make_room(search, round.longest + 1);
        if (outcome != 0)
            break;
        search->steps[0] = *start;
        round.longer_left = false;
        outcome = run_round(search, &round);
        if (outcome != NO || !round.longer_left || round.longest >= size)
            break;
        bool branches = before - search->budget > 8 * (uint64_t)round.longest;
        round.done = round.longest;
        round.longest += branches || round.longest < 4 ? 1 : round.longest / 2;
        if (round.longest > size)
            round.longest = size;
    }
    target->on_path = false;
    return (struct cycle_search_result){
        .error = outcome < 0 ? outcome : 0, .cut = outcome == CUT, .spent = budget - search->budget};
}
