#include "interpose/profile.h"

#include "interpose/clock.h"
#include "interpose/findings.h"
#include "interpose/locks.h"
#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/threads.h"
#include "interpose/waits.h"

#define FIRST_SAMPLES 64u      /* all events of a thread, in the beginning */
#define SAMPLES_PER_WEIGHT 16u /* then so many at each weight */
#define FEWEST_SAMPLES 8u      /* that an estimate of overtaking needs */

static uint32_t profiled;

void profile_start(void) {
    profiled = 0;
}

/* Return the lock's profile, made now if there is room for one more. Samples alone may use half of the room,
 * so that locks which are waited for find some. */
static struct recording_profile *profile_of(struct thread *t, uint32_t id, bool waited) {
    struct lock *lock = locks_at(id);
    if (!lock)
        return NULL;
    struct recording_profile *profile = __atomic_load_n(&lock->profile, __ATOMIC_ACQUIRE);
    const struct options *options = session_options();
    uint32_t room = waited ? options->max_profiled : options->max_profiled / 2;
    if (profile)
        return profile;
    if (__atomic_load_n(&profiled, __ATOMIC_RELAXED) >= room) {
        if (waited && !__atomic_exchange_n(&lock->unprofiled, true, __ATOMIC_RELAXED))
            __atomic_add_fetch(&session_recorder()->header->unprofiled_locks, 1, __ATOMIC_RELAXED);
        return NULL;
    }
    session_enter(t);
    profile = lock->profile;
    if (!profile && profiled < room) {
        locks_record(id);
        profile = recorder_append(session_recorder(), RECORDING_PROFILE, sizeof *profile);
        if (profile) {
            profile->lock = id;
            recorder_commit(profile);
            profiled++;
            __atomic_store_n(&lock->profile, profile, __ATOMIC_RELEASE);
        }
    }
    session_leave(t);
    return profile;
}

static void add(uint64_t *to, uint64_t value) {
    __atomic_add_fetch(to, value, __ATOMIC_RELAXED);
}

/* Returns whether `value` is the largest so far. */
static bool raise_to(uint64_t *to, uint64_t value) {
    uint64_t now = __atomic_load_n(to, __ATOMIC_RELAXED);
    while (now < value)
        if (__atomic_compare_exchange_n(to, &now, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            return true;
    return false;
}

static uint64_t next_random(struct profile_sampler *sampler) {
    uint64_t x = sampler->random ? sampler->random : (uint64_t)(uintptr_t)sampler;
    x ^= x << 13; /* xorshift64: Marsaglia, "Xorshift RNGs", 2003 */
    x ^= x >> 7;
    x ^= x << 17;
    sampler->random = x;
    return x;
}

/* Returns what this sample counts for, and says when the next one is due. */
static uint32_t next_sample(struct thread *t, uint32_t family) {
    struct profile_sampler *sampler = &t->sampler;
    uint32_t weight = sampler->weight ? sampler->weight : 1;
    if (++sampler->taken >= FIRST_SAMPLES && (sampler->taken - FIRST_SAMPLES) % SAMPLES_PER_WEIGHT == 0 &&
        weight < PROFILE_LAST_WEIGHT)
        weight *= 2;
    sampler->weight = weight;
    uint64_t distance = weight == 1 ? 1 : weight / 2 + 1 + next_random(sampler) % weight;
    t->sample_at[family] = t->slot->events[family] + distance - 1;
    return weight;
}

static uint32_t family_of(uint32_t kind) {
    return kind == LOCK_KIND_RWLOCK      ? RECORDING_FAMILY_RWLOCK
           : kind == LOCK_KIND_SPIN      ? RECORDING_FAMILY_SPIN
           : kind == LOCK_KIND_SEMAPHORE ? RECORDING_FAMILY_SEMAPHORE
           : kind == LOCK_KIND_MUTEX     ? RECORDING_FAMILY_MUTEX
                                         : RECORDING_FAMILY_OTHER;
}

void profile_sample(struct thread *t, uint32_t id, struct recording_held *held) {
    const struct lock *lock = locks_at(id);
    uint32_t weight = next_sample(t, lock ? family_of(lock->kind) : RECORDING_FAMILY_OTHER), place = 0;
    struct recording_profile *profile = profile_of(t, id, false);
    if (!profile)
        return;
    add(&profile->acquisitions, weight);
    while (place < THREAD_SAMPLES && t->sampler.held[place].lock)
        place++;
    if (place == THREAD_SAMPLES || !held || held->depth != 1)
        return;
    t->sampler.held[place].lock = id;
    t->sampler.held[place].weight = weight;
    t->sampler.held[place].since_ns = clock_ns(CLOCK_MONOTONIC);
    held->depth |= RECORDING_HELD_SAMPLED;
}

void profile_released(struct thread *t, struct recording_held *held) {
    uint32_t place = 0;
    held->depth &= ~RECORDING_HELD_SAMPLED;
    while (place < THREAD_SAMPLES && t->sampler.held[place].lock != held->lock)
        place++;
    const struct lock *lock = locks_at(held->lock);
    if (place == THREAD_SAMPLES || !lock)
        return;
    struct recording_profile *profile = __atomic_load_n(&lock->profile, __ATOMIC_ACQUIRE);
    uint64_t ns = clock_ns(CLOCK_MONOTONIC) - t->sampler.held[place].since_ns;
    t->sampler.held[place].lock = 0;
    if (!profile)
        return;
    add(&profile->hold_ns, ns * t->sampler.held[place].weight);
    add(&profile->hold_samples, 1);
    if (raise_to(&profile->longest_hold_ns, ns) && held->stack)
        __atomic_store_n(&profile->longest_hold_stack, held->stack, __ATOMIC_RELAXED);
}

struct profile_wait profile_wait_begins(uint32_t id) {
    const struct lock *lock = locks_at(id);
    struct recording_profile *profile = lock ? __atomic_load_n(&lock->profile, __ATOMIC_ACQUIRE) : NULL;
    if (!profile)
        return (struct profile_wait){0};
    return (struct profile_wait){__atomic_load_n(&profile->acquisitions, __ATOMIC_RELAXED),
                                 __atomic_load_n(&profile->hold_samples, __ATOMIC_RELAXED)};
}

/* The stacks that waited longest: a new one takes the place of the one that waited least, and its sum ("Space
 * Saving": Metwally, Agrawal, El Abbadi, "Efficient computation of frequent and top-k elements in data
 * streams", 2005). Two threads at once may lose a few nanoseconds of it. */
static void note_stack(struct recording_profile *profile, uint32_t stack, uint64_t ns) {
    uint32_t least = 0;
    for (uint32_t i = 0; i < RECORDING_PROFILE_STACKS; i++) {
        uint32_t there = __atomic_load_n(&profile->top[i].stack, __ATOMIC_RELAXED);
        if (there == 0 && __atomic_compare_exchange_n(&profile->top[i].stack, &there, stack, false,
                                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            there = stack;
        if (there == stack) {
            least = i;
            break;
        }
        if (profile->top[i].wait_ns < profile->top[least].wait_ns)
            least = i;
    }
    __atomic_store_n(&profile->top[least].stack, stack, __ATOMIC_RELAXED);
    add(&profile->top[least].waits, 1);
    add(&profile->top[least].wait_ns, ns);
}

/* Somebody other than `t` who holds the lock now or is the only one known to have had it. */
static void report_starvation(struct thread *t, uint32_t id, uint32_t mode, uint32_t stack,
                              uint64_t overtaken, uint64_t ns) {
    struct lock_hold hold;
    struct finding_step steps[2] = {{.thread = t->id, .wants = {id, mode, stack}}};
    uint32_t count = 1;
    session_enter(t);
    for (const struct thread *other = threads_first(); other && count == 1; other = other->next) {
        const struct recording_held *held = other != t && other->slot->state != RECORDING_SLOT_FREE
                                                ? waits_account_of(other, id, LOCK_EXCLUSIVE)
                                                : NULL;
        if (!held)
            continue;
        hold = (struct lock_hold){id, held->mode, held->stack};
        steps[count++] = (struct finding_step){.thread = other->id, .holds_count = 1, .holds = &hold};
    }
    findings_add_once(&(struct finding){.kind = FINDING_STARVATION,
                                        .severity = FINDING_WARNING,
                                        .steps_count = count,
                                        .steps = steps,
                                        .values = {overtaken, ns}},
                      (uint64_t)id << 32 | stack);
    session_leave(t);
}

void profile_waited(struct thread *t, uint32_t id, uint32_t mode, const struct profile_wait *began,
                    uint64_t ns, uint32_t stack) {
    const struct options *options = session_options();
    const struct lock *lock = locks_at(id);
    if (!lock || lock->life_of || (lock->kind == LOCK_KIND_SEMAPHORE && !lock->proven))
        return; /* CPython makes a new semaphore for each wait: none of them is ever of interest */
    struct recording_profile *profile = profile_of(t, id, true);
    if (!profile)
        return;
    add(&profile->contended, 1);
    add(&profile->wait_ns, ns);
    if (stack)
        note_stack(profile, stack, ns);
    if (raise_to(&profile->longest_wait_ns, ns))
        __atomic_store_n(&profile->longest_wait_stack, stack, __ATOMIC_RELAXED);
    uint64_t overtaken = __atomic_load_n(&profile->acquisitions, __ATOMIC_RELAXED) - began->acquisitions;
    uint64_t samples = __atomic_load_n(&profile->hold_samples, __ATOMIC_RELAXED) - began->samples;
    if (ns > (uint64_t)options->starvation_ms * 1000000u && overtaken > options->starvation_overtakes &&
        samples >= FEWEST_SAMPLES)
        report_starvation(t, id, mode, stack, overtaken, ns);
}
