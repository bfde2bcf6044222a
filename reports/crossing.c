#include "reports/crossing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "detector/wait_graph.h"
#include "reports/memory.h"
#include "reports/processes.h"
#include "reports/table.h"

#define READ_TRIES 16
#define HELD_LIMIT                                                                                           \
    ((size_t)1 << 16) /* locks of one thread that are looked at; a forged count stays cheap                  \
                       */
#define SEARCH_LIMIT ((uint32_t)1 << 20) /* threads for which a search gets memory */

/* Which lock it is, in whichever process: its place in a file, or for one that is no other process's the
 * number of its own and its id there. */
struct identity {
    uint64_t device, inode, offset;
};
#define PRIVATE UINT64_MAX

/* A thread. */
struct node {
    uint32_t process, thread, tid;
    size_t slot; /* its index in the recording */
    bool ending;
    struct wait_edge wait;
    struct identity lock; /* that it waits for, or the mutex of its condition */
    uint32_t wait_stack;
    uint64_t since_ns;
    size_t first, count; /* in look.holds */
};

struct hold {
    struct identity lock;
    uint32_t node;
    struct crossing_hold about;
};

struct process {
    const struct crossing_process *about;
    bool known; /* the two below are */
    enum processes_state state;
    uint32_t seen;
};

/* One look at all processes. */
struct look {
    struct process *processes;
    size_t processes_count;
    struct node *nodes;
    size_t nodes_count, nodes_capacity;
    struct hold *holds; /* in the order of nodes */
    size_t holds_count, holds_capacity;
    struct hold *sorted; /* the same, by lock */
    struct recording_held *held;
    size_t held_capacity;
    uint32_t *claims; /* scratch: nodes that say that they hold a lock */
    size_t claims_capacity;
};

/* An orphaned lock that was seen once. */
struct suspicion {
    uint64_t first_ns;
};

struct crossing {
    struct memory_pool pool;
    struct table told, suspected; /* by the knot's key */
};

struct crossing *crossing_create(void) {
    size_t capacity = 0;
    struct crossing *crossing = memory_array_grow(NULL, &capacity, 1, sizeof *crossing);
    *crossing = (struct crossing){0};
    return crossing;
}

void crossing_free(struct crossing *crossing) {
    if (!crossing)
        return;
    table_free(&crossing->told);
    table_free(&crossing->suspected);
    memory_pool_free(&crossing->pool);
    free(crossing);
}

static uint64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- reading ---- */

static bool is_shared(const struct identity *lock) {
    return lock->device != PRIVATE;
}

static struct identity identity_of(const struct facts *facts, uint32_t process, uint32_t lock) {
    const struct facts_lock *fact = facts_lock(facts, lock);
    if (fact && fact->shared && fact->inode)
        return (struct identity){fact->device, fact->inode, fact->offset};
    return (struct identity){PRIVATE, process, lock};
}

static bool is_alive(const struct recording_slot *slot) {
    return slot->state == RECORDING_SLOT_RUNNING || slot->state == RECORDING_SLOT_ENDING;
}

static struct wait_edge wait_of(const struct recording_slot *slot) {
    return (struct wait_edge){.kind = slot->wait_kind,
                              .target = slot->wait_target,
                              .mode = slot->wait_mode,
                              .lock = slot->wait_lock,
                              .timed = slot->wait_timed != 0,
                              .ticket = slot->wait_ticket};
}

static bool same_wait(const struct wait_edge *a, const struct wait_edge *b) {
    return a->kind == b->kind && a->target == b->target && a->mode == b->mode && a->lock == b->lock &&
           a->timed == b->timed && a->ticket == b->ticket;
}

/* Read a slot with its held locks so that they belong together. Returns the number of locks, SIZE_MAX when
 * they cannot be read, as those of a thread that changes them all the time: it is not stuck. */
static size_t read_slot(struct look *look, struct recording_reader *reader, size_t index,
                        struct recording_slot *slot) {
    struct recording_slot again;
    for (int i = 0; i < READ_TRIES && recording_reader_slot(reader, index, slot) && is_alive(slot); i++) {
        if (slot->held_count > HELD_LIMIT)
            return SIZE_MAX;
        look->held = memory_array_grow(look->held, &look->held_capacity,
                                       slot->held_count + RECORDING_HELD_INLINE, sizeof *look->held);
        size_t count = recording_reader_held(reader, slot, look->held, look->held_capacity);
        if (count > look->held_capacity || !recording_reader_slot(reader, index, &again))
            return SIZE_MAX;
        memcpy(again.events, slot->events, sizeof again.events); /* they may grow meanwhile */
        if (memcmp(slot, &again, sizeof again) == 0)
            return count;
    }
    return SIZE_MAX;
}

static void add_node(struct look *look, uint32_t process, size_t index, const struct recording_slot *slot,
                     size_t held_count) {
    look->nodes =
        memory_array_grow(look->nodes, &look->nodes_capacity, look->nodes_count + 1, sizeof *look->nodes);
    struct node *node = &look->nodes[look->nodes_count];
    *node = (struct node){
        .process = process,
        .thread = slot->thread,
        .tid = slot->tid,
        .slot = index,
        .ending = slot->state == RECORDING_SLOT_ENDING,
        .wait = wait_of(slot),
        .wait_stack = slot->wait_stack,
        .since_ns = slot->wait_since_ns,
        .first = look->holds_count,
    };
    look->holds = memory_array_grow(look->holds, &look->holds_capacity, look->holds_count + held_count,
                                    sizeof *look->holds);
    for (size_t i = 0; i < held_count; i++) {
        const struct recording_held *held = &look->held[i];
        if (!held->lock)
            continue; /* being taken */
        look->holds[look->holds_count++] = (struct hold){
            .node = (uint32_t)look->nodes_count,
            .about = {.lock = held->lock, .mode = held->mode, .stack = held->stack, .site = held->site},
        };
    }
    node->count = look->holds_count - node->first;
    look->nodes_count++;
}

/* The lock that the thread waits for, or the mutex of its condition; 0: none. */
static uint32_t wanted_by(const struct wait_edge *wait) {
    return wait->kind == WAIT_LOCK ? wait->target : wait->kind == WAIT_CONDITION ? wait->lock : 0;
}

static void read_process(struct look *look, uint32_t process) {
    struct facts *facts = look->processes[process].about->facts;
    struct recording_reader *reader = facts_reader(facts);
    struct recording_slot slot;
    size_t first_node = look->nodes_count;
    recording_reader_refresh(reader); /* there may be more slots */
    for (size_t i = 0; recording_reader_slot(reader, i, &slot); i++) {
        if (!is_alive(&slot))
            continue;
        size_t count = read_slot(look, reader, i, &slot);
        if (count != SIZE_MAX && is_alive(&slot))
            add_node(look, process, i, &slot, count);
    }
    facts_update(facts); /* what the slots name was recorded before */
    for (size_t n = first_node; n < look->nodes_count; n++) {
        struct node *node = &look->nodes[n];
        node->lock = identity_of(facts, process, wanted_by(&node->wait));
        for (size_t i = node->first; i < node->first + node->count; i++)
            look->holds[i].lock = identity_of(facts, process, look->holds[i].about.lock);
    }
}

static int compare_identities(const struct identity *a, const struct identity *b) {
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    if (a->inode != b->inode)
        return a->inode < b->inode ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static int compare_holds(const void *left, const void *right) {
    const struct hold *a = left, *b = right;
    int order = compare_identities(&a->lock, &b->lock);
    return order ? order : a->node < b->node ? -1 : a->node > b->node;
}

static void read_all(struct look *look, const struct crossing_process *processes, size_t count) {
    size_t capacity = 0;
    look->processes = memory_array_grow(NULL, &capacity, count + 1, sizeof *look->processes);
    look->processes_count = count;
    for (size_t i = 0; i < count; i++) {
        look->processes[i] = (struct process){.about = &processes[i]};
        read_process(look, (uint32_t)i);
    }
    capacity = 0;
    look->sorted = memory_array_grow(NULL, &capacity, look->holds_count + 1, sizeof *look->sorted);
    if (look->holds_count)
        memcpy(look->sorted, look->holds, look->holds_count * sizeof *look->sorted);
    qsort(look->sorted, look->holds_count, sizeof *look->sorted, compare_holds);
}

static void forget(struct look *look) {
    free(look->processes);
    free(look->nodes);
    free(look->holds);
    free(look->sorted);
    free(look->held);
    free(look->claims);
}

/* ---- who is there ---- */

static struct process *process_of(struct look *look, size_t index) {
    struct process *process = &look->processes[index];
    if (!process->known) {
        const struct recording_header *header = recording_reader_header(facts_reader(process->about->facts));
        process->state = processes_find(process->about->path, header->pid, &process->seen);
        process->known = true;
    }
    return process;
}

static bool process_is_gone(struct look *look, const struct node *node) {
    return process_of(look, node->process)->state == PROCESSES_GONE;
}

/* Whether the thread will never release anything. */
static bool is_gone(struct look *look, const struct node *node) {
    const struct process *process = process_of(look, node->process);
    if (process->state != PROCESSES_THERE || !node->ending)
        return process->state == PROCESSES_GONE;
    uint32_t pid = recording_reader_header(facts_reader(process->about->facts))->pid;
    return process->seen == pid && node->tid && !processes_has_thread(process->seen, node->tid);
}

/* ---- who holds a lock ---- */

static bool excludes(uint32_t a, uint32_t b) {
    return a != LOCK_SHARED || b != LOCK_SHARED;
}

/* The place in look.sorted of the first hold of the lock, or of what comes after it. */
static size_t first_hold(const struct look *look, const struct identity *lock) {
    size_t low = 0, high = look->holds_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_identities(&look->sorted[middle].lock, lock) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Its entry for the lock that excludes the most, NULL when it has none. */
static const struct hold *hold_of(const struct look *look, uint32_t node, const struct identity *lock) {
    const struct hold *found = NULL;
    const struct node *of = &look->nodes[node];
    for (size_t i = of->first; i < of->first + of->count; i++)
        if (compare_identities(&look->holds[i].lock, lock) == 0 &&
            (!found || look->holds[i].about.mode != LOCK_SHARED))
            found = &look->holds[i];
    return found;
}

/* Real time at which the thread certainly held what it holds: when it began to wait; 0 when it does not. */
static uint64_t held_at(const struct look *look, const struct node *node) {
    const struct recording_header *header =
        recording_reader_header(facts_reader(look->processes[node->process].about->facts));
    return node->wait.kind == WAIT_NONE
               ? 0
               : header->started_ns + (node->since_ns - header->started_monotonic_ns);
}

/* Whether two of the claims cannot both be true. */
static bool contradict(const struct look *look, size_t count, const struct identity *lock) {
    size_t exclusive = 0;
    for (size_t i = 0; i < count; i++)
        exclusive += hold_of(look, look->claims[i], lock)->about.mode != LOCK_SHARED;
    return exclusive && count > 1;
}

/* Of claims that contradict each other, keep those that are not of the past: of threads that are there; if
 * there is none, the newest. Returns how many are left, 0 if they still contradict each other. */
static size_t believe(struct look *look, size_t count, const struct identity *lock) {
    size_t kept = 0;
    uint64_t newest = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_gone(look, &look->nodes[look->claims[i]]))
            look->claims[kept++] = look->claims[i];
    if (!kept) {
        for (size_t i = 0; i < count; i++) {
            uint64_t at = held_at(look, &look->nodes[look->claims[i]]);
            newest = at > newest ? at : newest;
        }
        for (size_t i = 0; i < count; i++)
            if (held_at(look, &look->nodes[look->claims[i]]) == newest)
                look->claims[kept++] = look->claims[i];
    }
    return contradict(look, kept, lock) ? 0 : kept;
}

/* Who holds the lock by their own account, each once and in ascending order, into look.claims. */
static size_t claims_to(struct look *look, const struct identity *lock) {
    size_t count = 0;
    for (size_t i = first_hold(look, lock);
         i < look->holds_count && compare_identities(&look->sorted[i].lock, lock) == 0; i++) {
        if (count && look->claims[count - 1] == look->sorted[i].node)
            continue;
        look->claims =
            memory_array_grow(look->claims, &look->claims_capacity, count + 1, sizeof *look->claims);
        look->claims[count++] = look->sorted[i].node;
    }
    return contradict(look, count, lock) ? believe(look, count, lock) : count;
}

/* Whether the next one to lock it is told that its owner is gone, as any of the processes knows it. */
static bool is_robust(const struct look *look, const struct identity *lock) {
    for (size_t i = 0; i < look->processes_count; i++) {
        const struct facts *facts = look->processes[i].about->facts;
        for (size_t j = 0; j < facts_shared_locks(facts); j++) {
            const struct facts_lock *fact = facts_shared_lock(facts, j);
            struct identity one = {fact->device, fact->inode, fact->offset};
            if (fact->kind == LOCK_KIND_MUTEX && fact->value && compare_identities(&one, lock) == 0)
                return true;
        }
    }
    return false;
}

/* ---- the wait-for graph ---- */

static void view_wait(void *context, uint32_t thread, struct wait_edge *out) {
    const struct look *look = context;
    *out = look->nodes[thread].wait;
}

static enum wait_need need_of_lock(struct look *look, const struct node *waiter, uint32_t mode,
                                   uint32_t *threads, uint32_t room, uint32_t *count) {
    size_t claims = claims_to(look, &waiter->lock), wanted = 0;
    bool waiter_gone = claims && process_is_gone(look, waiter);
    for (size_t i = 0; i < claims; i++) {
        uint32_t node = look->claims[i];
        if (!excludes(hold_of(look, node, &waiter->lock)->about.mode, mode))
            continue;
        bool gone = is_gone(look, &look->nodes[node]);
        if (waiter_gone && !gone)
            return WAIT_CAN_GO; /* it waits no more */
        if (gone && !waiter_gone) {
            if (is_robust(look, &waiter->lock))
                return WAIT_CAN_GO;
            threads[0] = node;
            *count = 1;
            return WAIT_NEEDS_THE_DEAD;
        }
        if (wanted < room)
            threads[wanted] = node;
        wanted++;
    }
    *count = wanted > room ? room + 1 : (uint32_t)wanted;
    return wanted ? WAIT_NEEDS_ALL : WAIT_CAN_GO;
}

static enum wait_need need_of_join(const struct look *look, const struct node *waiter, uint32_t *threads,
                                   uint32_t room, uint32_t *count) {
    for (size_t n = 0; n < look->nodes_count && room; n++)
        if (look->nodes[n].process == waiter->process && look->nodes[n].thread == waiter->wait.target) {
            threads[0] = (uint32_t)n;
            *count = 1;
            return WAIT_NEEDS_ALL;
        }
    return WAIT_CAN_GO;
}

static enum wait_need view_need(void *context, uint32_t thread, const struct wait_edge *edge,
                                uint32_t *threads, uint32_t room, uint32_t *count) {
    struct look *look = context;
    const struct node *node = &look->nodes[thread];
    enum wait_need need = WAIT_CAN_GO;
    *count = 0;
    if (!room) {
        *count = 1;
        return WAIT_CAN_GO;
    }
    switch (edge->kind) {
    case WAIT_LOCK:
        return need_of_lock(look, node, edge->mode, threads, room, count);
    case WAIT_JOIN:
        return need_of_join(look, node, threads, room, count);
    case WAIT_CONDITION:
        if (edge->lock)
            need = need_of_lock(look, node, LOCK_EXCLUSIVE, threads, room, count);
        /* Somebody may wake it; then it needs its mutex. */
        return need != WAIT_NEEDS_THE_DEAD && !edge->timed ? WAIT_NEEDS_SOMEONE : need;
    default: /* a semaphore is nobody's: another process may post it */
        return WAIT_CAN_GO;
    }
}

/* ---- what is told ---- */

/* A number for these waits, whichever of them comes first. */
static uint64_t key_of(const struct look *look, const uint32_t *nodes, size_t count) {
    uint64_t sum = count;
    for (size_t i = 0; i < count; i++) {
        const struct node *node = &look->nodes[nodes[i]];
        uint64_t one = ((uint64_t)node->process << 32 | node->thread) * 0x9e3779b97f4a7c15u;
        one = (one ^ one >> 32 ^ node->wait.ticket) * 0xd6e8feb86659fd93u;
        sum += one ^ one >> 29;
    }
    return sum;
}

static bool of_one_process(const struct look *look, const uint32_t *nodes, size_t count) {
    for (size_t i = 1; i < count; i++)
        if (look->nodes[nodes[i]].process != look->nodes[nodes[0]].process)
            return false;
    return true;
}

/* Whether the thread waits as it did. */
static bool still_waits(const struct look *look, const struct node *node) {
    struct facts *facts = look->processes[node->process].about->facts;
    struct recording_slot slot;
    if (!recording_reader_slot(facts_reader(facts), node->slot, &slot) || !is_alive(&slot) ||
        slot.thread != node->thread)
        return false;
    struct wait_edge now = wait_of(&slot);
    return same_wait(&now, &node->wait);
}

/* Whether the process still has mapped at the lock's address what it had there when the lock was recorded. */
static bool is_still_mapped(struct look *look, uint32_t index, uint32_t lock) {
    const struct process *process = process_of(look, index);
    const struct facts_lock *fact = facts_lock(process->about->facts, lock);
    struct processes_place now;
    if (!fact || !fact->inode || process->state != PROCESSES_THERE)
        return true;
    int status = processes_shared(process->seen, fact->address, &now);
    return status == 0 ? now.device == fact->device && now.inode == fact->inode && now.offset == fact->offset
                       : status != -ENOENT;
}

/* Whether node number `i` waits for what the next one holds, as it did when it was first read. */
static bool is_true(struct look *look, const uint32_t *nodes, size_t count, size_t i) {
    const struct node *node = &look->nodes[nodes[i]], *next = &look->nodes[nodes[(i + 1) % count]];
    if (!still_waits(look, node))
        return false;
    if (node->wait.kind == WAIT_JOIN)
        return true;
    const struct hold *hold = hold_of(look, nodes[(i + 1) % count], &node->lock);
    return hold && is_still_mapped(look, node->process, wanted_by(&node->wait)) &&
           is_still_mapped(look, next->process, hold->about.lock);
}

static struct crossing_hold wish_of(const struct node *node) {
    struct crossing_hold wish = {.mode = LOCK_EXCLUSIVE, .stack = node->wait_stack};
    if (node->wait.kind == WAIT_JOIN)
        wish.awaited = node->wait.target;
    wish.lock = wanted_by(&node->wait);
    if (node->wait.kind == WAIT_LOCK)
        wish.mode = node->wait.mode;
    return wish;
}

/* A thread of a knot; `left` is the lock that it left behind, NULL for one that waits. */
static struct crossing_step step_of(const struct look *look, uint32_t index, const struct identity *left,
                                    struct memory_pool *pool) {
    const struct node *node = &look->nodes[index];
    struct crossing_step step = {.process = node->process, .thread = node->thread};
    struct crossing_hold *holds = memory_pool_alloc(pool, (node->count + 1) * sizeof *holds);
    for (size_t i = node->first; !left && i < node->first + node->count; i++)
        holds[step.holds_count++] = look->holds[i].about;
    const struct hold *hold = left ? hold_of(look, index, left) : NULL;
    if (hold)
        holds[step.holds_count++] = hold->about;
    step.holds = holds;
    if (!left)
        step.wants = wish_of(node);
    return step;
}

/* Whether an orphaned lock was seen long enough ago, and is for good. */
static bool is_confirmed(struct crossing *crossing, uint64_t key) {
    struct suspicion *suspicion = table_find(&crossing->suspected, key);
    uint64_t now = monotonic_ns();
    if (suspicion)
        return now - suspicion->first_ns >= CROSSING_CONFIRM_MS * (uint64_t)1000000;
    suspicion = memory_pool_alloc(&crossing->pool, sizeof *suspicion);
    suspicion->first_ns = now;
    table_put(&crossing->suspected, key, suspicion);
    return false;
}

struct teller {
    struct crossing *crossing;
    struct look *look;
    void (*found)(void *context, const struct crossing_knot *knot);
    void *context;
    bool unconfirmed;
};

/* Tell of the knot that these nodes are: a ring, or a waiter and who is gone with its lock. */
static void tell(struct teller *teller, const uint32_t *nodes, size_t count, uint32_t shape) {
    struct look *look = teller->look;
    bool orphaned = shape == FINDING_SHAPE_ORPHANED;
    uint64_t key = key_of(look, nodes, orphaned ? 1 : count);
    if (of_one_process(look, nodes, count) || table_find(&teller->crossing->told, key))
        return;
    for (size_t i = 0; i < (orphaned ? 1 : count); i++)
        if (!is_true(look, nodes, count, i))
            return;
    if (orphaned && !is_confirmed(teller->crossing, key)) {
        teller->unconfirmed = true;
        return;
    }
    table_put(&teller->crossing->told, key, teller->crossing);
    /* A ring has no beginning; the report's is its oldest thread. */
    size_t oldest = 0;
    for (size_t i = 0; !orphaned && i < count; i++)
        if (nodes[i] < nodes[oldest])
            oldest = i;
    struct memory_pool pool = {0};
    struct crossing_step *steps = memory_pool_alloc(&pool, count * sizeof *steps);
    struct crossing_knot knot = {.shape = shape, .steps = steps, .count = count};
    for (size_t i = 0; i < count; i++) {
        uint32_t node = nodes[(oldest + i) % count];
        bool gone = orphaned && i == count - 1;
        steps[i] = step_of(look, node, gone ? &look->nodes[nodes[0]].lock : NULL, &pool);
        if (!gone && look->nodes[node].since_ns > knot.newest_ns)
            knot.newest_ns = look->nodes[node].since_ns;
    }
    teller->found(teller->context, &knot);
    memory_pool_free(&pool);
}

/* A knot of several processes has a wait for a lock between them. */
static bool may_cross(const struct node *node) {
    return is_shared(&node->lock) && wanted_by(&node->wait) &&
           (!node->wait.timed || node->wait.kind == WAIT_CONDITION);
}

static void search_from(struct teller *teller, uint32_t node, void **bytes, uint32_t *capacity) {
    struct wait_view view = {.context = teller->look, .wait = view_wait, .need = view_need};
    for (;;) {
        if (!*bytes) {
            size_t room = 0;
            *bytes = memory_array_grow(NULL, &room, wait_memory_bytes(*capacity), 1);
        }
        struct wait_memory memory = wait_memory_lay(*bytes, *capacity);
        struct wait_knot knot = wait_graph_find(&view, node, &memory);
        if (knot.verdict == WAIT_KNOT)
            tell(teller, memory.threads, knot.count, knot.shape);
        else if (knot.verdict == WAIT_ORPHANED)
            tell(teller, memory.threads + knot.count - 2, 2, FINDING_SHAPE_ORPHANED);
        if (knot.verdict != WAIT_TOO_LARGE || *capacity >= SEARCH_LIMIT)
            return;
        free(*bytes);
        *bytes = NULL;
        *capacity *= 2;
    }
}

bool crossing_look(struct crossing *crossing, const struct crossing_process *processes, size_t count,
                   void (*found)(void *context, const struct crossing_knot *knot), void *context) {
    struct look look = {0};
    struct teller teller = {crossing, &look, found, context, false};
    read_all(&look, processes, count);
    uint32_t capacity = (uint32_t)look.nodes_count + 1;
    void *bytes = NULL;
    for (size_t n = 0; n < look.nodes_count; n++)
        if (may_cross(&look.nodes[n]))
            search_from(&teller, (uint32_t)n, &bytes, &capacity);
    free(bytes);
    forget(&look);
    return teller.unconfirmed;
}

unsigned crossing_signs(const char *path, uint64_t before_ns) {
    struct recording_reader *reader;
    struct recording_slot slot;
    char error[256];
    unsigned signs = 0;
    if (recording_reader_open(path, &reader, error, sizeof error) < 0)
        return 0;
    for (size_t i = 0; recording_reader_slot(reader, i, &slot); i++) {
        if (!is_alive(&slot))
            continue;
        if (slot.wait_kind == WAIT_LOCK && !slot.wait_timed && slot.wait_since_ns < before_ns)
            signs |= CROSSING_WAITS;
        if (slot.held_count)
            signs |= CROSSING_HOLDS;
    }
    recording_reader_close(reader);
    return signs;
}
