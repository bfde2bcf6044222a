#include "interpose/waits.h"

#include "interpose/clock.h"
#include "interpose/findings.h"
#include "interpose/gil.h"
#include "interpose/hooks_file.h"
#include "interpose/knots.h"
#include "interpose/locks.h"
#include "interpose/raw.h"
#include "interpose/session.h"

/* Threads that may still run or release others, and how many of these are in a wait without a time limit.
 * When the two are equal, nobody may be left to end one. */
static uint32_t alive, blocked;

void waits_start(void) {
    alive = blocked = 0;
}

static bool excludes(uint32_t a, uint32_t b) {
    return a != LOCK_SHARED || b != LOCK_SHARED;
}

/* Whether the thread's account says that it holds the lock. Another thread's account may be changing. */
const struct recording_held *waits_account_of(const struct thread *t, uint32_t lock, uint32_t mode) {
    uint32_t count = __atomic_load_n(&t->slot->held_count, __ATOMIC_ACQUIRE);
    /* A larger array is in place before its capacity is. */
    uint32_t capacity = __atomic_load_n(&t->held_capacity, __ATOMIC_ACQUIRE);
    const struct recording_held *held = __atomic_load_n(&t->held, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < count && i < capacity; i++)
        if (__atomic_load_n(&held[i].lock, __ATOMIC_ACQUIRE) == lock && excludes(held[i].mode, mode))
            return &held[i];
    return NULL;
}

/* Without any lock, for stacks that are in the recording already. Returns whether that was all. */
static bool settle_all(struct thread *t, const struct stack_record *stack, const struct call_site *call) {
    for (uint32_t i = 0; i < t->slot->held_count; i++) {
        struct recording_held *held = &t->held[i];
        if (!held->stack && thread_record(held))
            held->stack = stack_memo_resolved(thread_record(held), thread_certain(held), call);
        if (!held->stack && held->lock)
            return false;
    }
    t->slot->wait_stack = stack && !call->python ? stack_memo_resolved(stack, false, call) : 0;
    return t->slot->wait_stack != 0;
}

static bool is_endless(uint32_t kind, uint32_t timed) {
    return kind != WAIT_NONE && kind != WAIT_OUTSIDE && !timed;
}

/* A wait that is still there: interrupted by a signal handler, which is deeper in the stack, or left by a
 * longjmp. */
static void set_aside(struct thread *t, struct wait *wait, uint64_t sp) {
    const struct recording_slot *slot = t->slot;
    wait->outer.kind = WAIT_NONE;
    if (slot->wait_kind == WAIT_NONE)
        return;
    if (is_endless(slot->wait_kind, slot->wait_timed))
        __atomic_sub_fetch(&blocked, 1, __ATOMIC_SEQ_CST);
    if (sp < t->wait_sp)
        wait->outer = (struct wait_state){
            slot->wait_kind,  slot->wait_target,  slot->wait_mode,     slot->wait_lock,   slot->wait_stack,
            slot->wait_timed, slot->wait_address, slot->wait_since_ns, slot->wait_ticket, t->wait_sp};
}

static void take_up(struct thread *t, const struct wait_state *outer) {
    struct recording_slot *slot = t->slot;
    slot->wait_target = outer->target;
    slot->wait_mode = outer->mode;
    slot->wait_lock = outer->lock;
    slot->wait_stack = outer->stack;
    slot->wait_timed = outer->timed;
    slot->wait_address = outer->address;
    slot->wait_since_ns = outer->since_ns;
    t->wait_sp = outer->sp;
    __atomic_store_n(&slot->wait_ticket, outer->ticket, __ATOMIC_SEQ_CST);
    __atomic_store_n(&slot->wait_kind, outer->kind, __ATOMIC_SEQ_CST);
    if (is_endless(outer->kind, outer->timed))
        __atomic_add_fetch(&blocked, 1, __ATOMIC_SEQ_CST);
}

#define SHARED_TOLD_NS 1000000u

/* Only the command sees the threads of other processes. It looks twice, the second time well after this
 * interval, so that what is kept back here is seen too. */
static void tell_of_shared(uint64_t now) {
    static uint64_t told;
    uint64_t last = __atomic_load_n(&told, __ATOMIC_RELAXED);
    if (now - last < SHARED_TOLD_NS)
        return;
    __atomic_store_n(&told, now, __ATOMIC_RELAXED);
    findings_notify();
}

/* Before a deadlock is reported by whichever thread comes last, each of its threads has to have said where it
 * got what it holds: so every thread does that before it blocks. */
static void publish(struct thread *t, const struct wait *wait, const struct call_site *call) {
    static uint64_t tickets;
    struct recording_slot *slot = t->slot;
    if (!settle_all(t, wait->stack, call)) {
        session_enter(t);
        for (uint32_t i = 0; i < slot->held_count; i++)
            thread_settle(t, &t->held[i], call);
        slot->wait_stack =
            wait->stack ? stack_memo_resolve_python(t, wait->stack, false, call, call->python) : 0;
        session_leave(t);
    }
    gil_account(t, call);
    slot->wait_target = wait->target;
    slot->wait_mode = wait->mode;
    slot->wait_lock = wait->lock;
    slot->wait_timed = wait->timed;
    slot->wait_address = (uint64_t)(uintptr_t)wait->address;
    slot->wait_since_ns = clock_ns(CLOCK_MONOTONIC);
    t->wait_sp = call->sp;
    __atomic_store_n(&slot->wait_ticket, __atomic_add_fetch(&tickets, 1, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
    __atomic_store_n(&slot->wait_kind, wait->kind, __ATOMIC_SEQ_CST);
    const struct lock *lock = wait->timed || wait->kind == WAIT_JOIN ? NULL : locks_at(wait->target);
    if (lock && lock->shared)
        tell_of_shared(slot->wait_since_ns);
}

/* The options say what happens to a program that is deadlocked. */
static void act_on_deadlock(void) {
    const struct options *options = session_options();
    if (options->on_deadlock == OPTIONS_STOP)
        raw_syscall(SYS_exit_group, (long)options->exit_code, 0, 0, 0, 0, 0);
    if (options->on_deadlock == OPTIONS_ABORT)
        raw_syscall(SYS_kill, raw_getpid(), 6 /* SIGABRT */, 0, 0, 0, 0);
}

#define STRANGERS_TRIES 50 /* milliseconds: a thread that was joined needs some to vanish */

/* A thread that was woken, and has not run since, looks blocked until it says otherwise: wait for that. It
 * takes no longer than the kernel takes to let it run; and this thread was about to wait anyway. */
static void look_at_all(struct thread *t, bool ending) {
    enum knots_result result;
    for (unsigned tries = 0; knots_all_possible(t); tries++) {
        session_enter(t);
        result = knots_look_all(t, ending, tries >= STRANGERS_TRIES);
        session_leave(t);
        if (result == KNOTS_REPORTED)
            act_on_deadlock();
        if (result != KNOTS_AGAIN)
            return;
        const uint64_t pause[2] = {0, tries < 4 ? 50000 : 1000000};
        raw_syscall(SYS_nanosleep, (long)pause, 0, 0, 0, 0, 0);
    }
}

void waits_begin(struct thread *t, struct wait *wait, const struct call_site *call) {
    files_verify(t);
    set_aside(t, wait, call->sp);
    publish(t, wait, call);
    if (wait->kind == WAIT_OUTSIDE)
        return;
    bool all = !wait->timed &&
               __atomic_add_fetch(&blocked, 1, __ATOMIC_SEQ_CST) >= __atomic_load_n(&alive, __ATOMIC_SEQ_CST);
    if ((!wait->timed || wait->kind == WAIT_CONDITION) && knots_possible(t)) {
        session_enter(t);
        enum knots_result result = knots_look(t);
        session_leave(t);
        if (result == KNOTS_REPORTED)
            act_on_deadlock();
    }
    if (all)
        look_at_all(t, false);
}

uint64_t waits_over(struct thread *t, const struct wait *wait) {
    struct recording_slot *slot = t->slot;
    uint64_t since = slot->wait_since_ns;
    if (is_endless(slot->wait_kind, slot->wait_timed))
        __atomic_sub_fetch(&blocked, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&slot->wait_kind, WAIT_NONE, __ATOMIC_RELEASE);
    gil_unaccount(t);
    t->note = 0;
    if (__builtin_expect(wait->outer.kind != WAIT_NONE, 0))
        take_up(t, &wait->outer);
    if (__builtin_expect(__atomic_load_n(&t->hang, __ATOMIC_ACQUIRE) != 0, 0))
        knots_withdraw(t);
    return clock_ns(CLOCK_MONOTONIC) - since;
}

void waits_thread_runs(struct thread *t) {
    t->counted = true;
    __atomic_add_fetch(&alive, 1, __ATOMIC_SEQ_CST);
}

void waits_thread_uncounted(struct thread *t) {
    if (is_endless(t->slot->wait_kind, t->slot->wait_timed))
        __atomic_sub_fetch(&blocked, 1, __ATOMIC_SEQ_CST);
    if (t->counted)
        __atomic_sub_fetch(&alive, 1, __ATOMIC_SEQ_CST);
    t->counted = false;
}

/* Threads may have waited for its locks before it was gone, or for it to wake them: nobody else is going to
 * look for them. */
void waits_thread_gone(struct thread *t) {
    session_enter(t);
    t->gone = true;
    enum knots_result result = knots_look_orphans(t);
    waits_thread_uncounted(t);
    session_leave(t);
    if (result == KNOTS_REPORTED)
        act_on_deadlock();
    if (__atomic_load_n(&blocked, __ATOMIC_SEQ_CST) >= __atomic_load_n(&alive, __ATOMIC_SEQ_CST) &&
        __atomic_load_n(&alive, __ATOMIC_SEQ_CST))
        look_at_all(t, true);
}
