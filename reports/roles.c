#include "reports/roles.h"

#include <stdlib.h>
#include <string.h>

#include "reports/finding_id.h"
#include "reports/frames.h"
#include "reports/memory.h"
#include "reports/table.h"

/* The threads of one role in one run. */
struct crew {
    uint32_t *threads; /* numbered among all */
    size_t count, capacity;
};

/* What one run says of a moment of a thread and the threads of another role. */
enum account { ABSENT = 1, ORDERED_ALWAYS, ORDERED_NOW, BESIDE, BESIDE_ALL };

struct roles {
    struct merge_run *runs;
    size_t count;
    const struct segments *segments;
    struct memory_pool pool;
    struct table crews;    /* (role, run) -> struct crew */
    struct table accounts; /* (thread, segment, role) -> enum account */
    struct table seen;     /* (role, role) -> 1: beside each other in some run, 2: not */
};

static uint64_t mixed(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 31;
}

static bool is_first(const struct merge_run *run, uint32_t thread) {
    return run->orders.threads[thread - run->threads_before - 1] == 1;
}

static uint64_t text_hash(const char *text) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

static uint64_t find_role(const struct merge_run *run, uint32_t thread) {
    const struct report_process *process = run->source->process;
    uint32_t id = run->orders.threads[thread - run->threads_before - 1];
    if (id == 1)
        return mixed(mixed(1, text_hash(frames_basename(process->exe))), process->forked) | 1;
    const struct facts_thread *fact = facts_thread(run->source->facts, id);
    struct report_stack created = {0};
    if (fact && fact->creator)
        created = resolver_stack(run->source->resolver, fact->stack);
    return (created.count ? mixed(2, finding_id_stack(&created)) : mixed(3, thread)) | 1;
}

static uint64_t crew_key(uint64_t role, size_t run) {
    return mixed(role, run + 1);
}

static void enlist(struct roles *roles, uint64_t role, size_t run, uint32_t thread) {
    struct crew *crew = table_find(&roles->crews, crew_key(role, run));
    if (!crew) {
        crew = memory_pool_alloc(&roles->pool, sizeof *crew);
        table_put(&roles->crews, crew_key(role, run), crew);
    }
    if (crew->count == crew->capacity) {
        uint32_t *old = crew->threads;
        crew->capacity = crew->capacity ? crew->capacity * 2 : 2;
        crew->threads = memory_pool_alloc(&roles->pool, crew->capacity * sizeof *crew->threads);
        if (old)
            memcpy(crew->threads, old, crew->count * sizeof *old);
    }
    crew->threads[crew->count++] = thread;
}

struct roles *roles_create(struct merge_run *runs, size_t count, const struct segments *segments) {
    size_t capacity = 0;
    struct roles *roles = memory_array_grow(NULL, &capacity, 1, sizeof *roles);
    *roles = (struct roles){.runs = runs, .count = count, .segments = segments};
    for (size_t i = 0; i < count; i++) {
        struct merge_run *run = &runs[i];
        run->roles = memory_pool_alloc(&roles->pool, (run->orders.threads_count + 1) * sizeof *run->roles);
        for (uint32_t k = 1; k <= run->orders.threads_count; k++) {
            run->roles[k - 1] = find_role(run, run->threads_before + k);
            enlist(roles, run->roles[k - 1], i, run->threads_before + k);
        }
    }
    return roles;
}

void roles_free(struct roles *roles) {
    if (!roles)
        return;
    table_free(&roles->crews);
    table_free(&roles->accounts);
    table_free(&roles->seen);
    memory_pool_free(&roles->pool);
    free(roles);
}

size_t roles_run(const struct roles *roles, uint32_t thread) {
    size_t low = 0, high = roles->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (roles->runs[middle].threads_before < thread)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* ---- what one run says ---- */

/* Whether any segment of `other` can run at the same time as this one. Those that come before it are the
 * first ones: the one after them decides. */
static bool meets_any(const struct segments *segments, uint32_t thread, uint32_t segment, uint32_t other) {
    uint32_t low = 0, high = segments_current(segments, other) + 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (segments_before(segments, other, middle, thread, segment))
            low = middle + 1;
        else
            high = middle;
    }
    return low <= segments_current(segments, other) &&
           !segments_before(segments, thread, segment, other, low);
}

/* Whether all segments of `other` can: the first one is not before, and the last one not after. */
static bool meets_all(const struct segments *segments, uint32_t thread, uint32_t segment, uint32_t other) {
    return !segments_before(segments, other, 0, thread, segment) &&
           !segments_before(segments, thread, segment, other, segments_current(segments, other));
}

static bool ever_meets_any(const struct segments *segments, uint32_t thread, uint32_t other) {
    for (uint32_t i = 0; i <= segments_current(segments, thread); i++)
        if (meets_any(segments, thread, i, other))
            return true;
    return false;
}

static enum account find_account(const struct roles *roles, uint32_t thread, uint32_t segment,
                                 uint64_t role) {
    const struct crew *crew = table_find(&roles->crews, crew_key(role, roles_run(roles, thread)));
    enum account account = ABSENT;
    for (size_t i = 0; crew && i < crew->count; i++) {
        if (crew->threads[i] == thread)
            continue;
        if (meets_all(roles->segments, thread, segment, crew->threads[i]))
            return BESIDE_ALL;
        if (meets_any(roles->segments, thread, segment, crew->threads[i]))
            account = BESIDE;
        else if (account < ORDERED_NOW)
            account =
                ever_meets_any(roles->segments, thread, crew->threads[i]) ? ORDERED_NOW : ORDERED_ALWAYS;
    }
    return account;
}

static enum account account_of(struct roles *roles, uint32_t thread, uint32_t segment, uint64_t role) {
    uint64_t key = mixed(mixed(role, thread), segment);
    enum account account = (enum account)(uintptr_t)table_find(&roles->accounts, key);
    if (!account) {
        account = find_account(roles, thread, segment, role);
        table_put(&roles->accounts, key, (void *)(uintptr_t)account);
    }
    return account;
}

/* Whether the two threads could run at the same time from beginning to end. */
static bool meet_wholly(const struct segments *segments, uint32_t a, uint32_t b) {
    return meets_all(segments, a, 0, b) && meets_all(segments, a, segments_current(segments, a), b);
}

static bool find_seen(const struct roles *roles, uint64_t a, uint64_t b) {
    for (size_t run = 0; run < roles->count; run++) {
        const struct crew *left = table_find(&roles->crews, crew_key(a, run));
        const struct crew *right = table_find(&roles->crews, crew_key(b, run));
        for (size_t i = 0; left && right && i < left->count; i++)
            for (size_t k = 0; k < right->count; k++)
                if (left->threads[i] != right->threads[k] &&
                    meet_wholly(roles->segments, left->threads[i], right->threads[k]))
                    return true;
    }
    return false;
}

static bool seen_together(struct roles *roles, uint64_t a, uint64_t b) {
    uint64_t key = a < b ? mixed(a, b) : mixed(b, a);
    uintptr_t seen = (uintptr_t)table_find(&roles->seen, key);
    if (!seen) {
        seen = find_seen(roles, a, b) ? 1 : 2;
        table_put(&roles->seen, key, (void *)seen);
    }
    return seen == 1;
}

static enum roles_answer perhaps(const char **why, const char *reason) {
    if (why)
        *why = reason;
    return ROLES_PERHAPS;
}

static enum roles_answer meet_within(struct roles *roles, size_t run_a, uint32_t a, uint32_t i, size_t run_b,
                                     uint32_t b, uint32_t k, const char **why) {
    const struct merge_run *runs = roles->runs;
    bool first_a = is_first(&runs[run_a], a), first_b = is_first(&runs[run_b], b);
    if (first_a && first_b)
        return ROLES_NEVER;
    uint64_t role_a = runs[run_a].roles[a - runs[run_a].threads_before - 1];
    uint64_t role_b = runs[run_b].roles[b - runs[run_b].threads_before - 1];
    enum account one = account_of(roles, a, i, role_b), other = account_of(roles, b, k, role_a);
    if (one == ORDERED_NOW || other == ORDERED_NOW)
        return ROLES_NEVER;
    if (one < BESIDE && other < BESIDE) {
        bool together = seen_together(roles, role_a, role_b);
        if (together && (one != ABSENT || other != ABSENT))
            return perhaps(why, "in one of the runs these threads came one after the other");
        /* A child of fork has none of its parent's threads, and the parent has not its first one. */
        bool forked = (first_a && runs[run_a].source->process->forked) ||
                      (first_b && runs[run_b].source->process->forked);
        if (one != ABSENT || other != ABSENT || forked)
            return ROLES_NEVER;
        if (!together)
            return perhaps(why, "no run had both threads at the same time");
    }
    if (one == ORDERED_ALWAYS || other == ORDERED_ALWAYS)
        return perhaps(why, "in one of the runs these threads came one after the other");
    if ((one == ABSENT && other == BESIDE) || (one == BESIDE && other == ABSENT))
        return perhaps(why,
                       "one of the runs does not have the other's thread, so its place in time is not known");
    if (runs[run_a].orders.incomplete || runs[run_b].orders.incomplete)
        return perhaps(why, "a recording has lost facts, so the threads may be ordered");
    return ROLES_SURELY;
}

/* ---- processes ---- */

static uint64_t end_of(const struct merge_run *run) {
    const struct recording_header *header = recording_reader_header(facts_reader(run->source->facts));
    return header->state == RECORDING_ENDED && header->ended_monotonic_ns > header->started_monotonic_ns
               ? header->started_ns + (header->ended_monotonic_ns - header->started_monotonic_ns)
               : 0;
}

/* The run of the process that started this one, SIZE_MAX when it is not among them. */
static size_t parent_of(const struct roles *roles, size_t child) {
    const struct report_process *process = roles->runs[child].source->process;
    for (size_t i = 0; i < roles->count; i++) {
        const struct report_process *other = roles->runs[i].source->process;
        if (i != child && other->pid == process->parent && other->started_ns <= process->started_ns)
            return i;
    }
    return SIZE_MAX;
}

/* Go from the run up to the one whose parent is not known. Returns it, or SIZE_MAX when `other` is met. */
static size_t oldest_of(const struct roles *roles, size_t run, size_t other) {
    for (size_t steps = 0; steps < roles->count; steps++) {
        size_t parent = parent_of(roles, run);
        if (parent == other)
            return SIZE_MAX;
        if (parent == SIZE_MAX)
            break;
        run = parent;
    }
    return run;
}

static enum roles_answer meet_between(const struct roles *roles, size_t a, size_t b, const char **why) {
    const struct merge_run *left = &roles->runs[a], *right = &roles->runs[b];
    const char *boot_a = recording_reader_header(facts_reader(left->source->facts))->boot_id;
    const char *boot_b = recording_reader_header(facts_reader(right->source->facts))->boot_id;
    if (!*boot_a || strcmp(boot_a, boot_b) != 0)
        return ROLES_NEVER;
    bool left_first = left->source->process->started_ns <= right->source->process->started_ns;
    uint64_t end = end_of(left_first ? left : right);
    if (!end || end <= (left_first ? right : left)->source->process->started_ns)
        return perhaps(why, "it is not known that the processes ran at the same time");
    size_t oldest_a = oldest_of(roles, a, b), oldest_b = oldest_of(roles, b, a);
    if (oldest_a == SIZE_MAX || oldest_b == SIZE_MAX)
        return perhaps(why, "one process has started the other, and may have waited for it");
    const struct report_process *top_a = roles->runs[oldest_a].source->process;
    const struct report_process *top_b = roles->runs[oldest_b].source->process;
    if (oldest_a != oldest_b && top_a->parent != top_b->parent)
        return perhaps(why, "one process may have started the other, and waited for it");
    return ROLES_SURELY;
}

enum roles_answer roles_meet(struct roles *roles, bool between, uint32_t a, uint32_t i, uint32_t b,
                             uint32_t k, const char **why) {
    size_t run_a = roles_run(roles, a), run_b = roles_run(roles, b);
    if (run_a == run_b)
        return a != b && segments_concurrent(roles->segments, a, i, b, k) ? ROLES_SURELY : ROLES_NEVER;
    return between ? meet_between(roles, run_a, run_b, why)
                   : meet_within(roles, run_a, a, i, run_b, b, k, why);
}
