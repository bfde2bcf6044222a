#define _GNU_SOURCE
#include "interpose/handlers.h"

#include <dlfcn.h>
#include <signal.h>
#include <string.h>

#include "interpose/findings.h"
#include "interpose/lock_table.h"
#include "interpose/raw.h"
#include "interpose/session.h"

extern int _dl_find_object(void *address, struct dl_find_object *result) __attribute__((weak));

static struct lock_signals *free_signals;
static uint32_t free_count;

void handlers_start(void) {
    free_count = 0;
}

static struct lock_signals *new_signals(void) {
    if (!free_count) {
        free_signals = raw_pages(4096);
        free_count = free_signals ? 4096 / sizeof *free_signals : 0;
    }
    return free_count ? &free_signals[--free_count] : NULL;
}

/* The kernel's sigaction. */
struct action {
    uint64_t handler, flags, restorer, mask;
};

static bool same_object(uint64_t a, uint64_t b) {
    struct dl_find_object found_a, found_b;
    return !_dl_find_object ||
           (_dl_find_object((void *)a, &found_a) == 0 && _dl_find_object((void *)b, &found_b) == 0 &&
            found_a.dlfo_link_map == found_b.dlfo_link_map);
}

static uint64_t bit(int signal) {
    return (uint64_t)1 << (signal - 1);
}

/* Signals that the thread raises itself, by what it executes: they do not come in between. */
static uint64_t faults(void) {
    return bit(SIGSEGV) | bit(SIGBUS) | bit(SIGFPE) | bit(SIGILL) | bit(SIGTRAP) | bit(SIGSYS);
}

#if defined __x86_64__
/* In the kernel's rt_sigframe: struct ucontext, then siginfo. */
#define SIGINFO_OFFSET 304

/* The signal that the handler was called for, 0 when it was not asked to be told more than the number: only
 * then the kernel leaves it on the stack. */
static int signal_on_stack(const struct stack_record *stack) {
    int signal;
    struct action action = {0};
    memcpy(&signal, (const void *)(uintptr_t)(stack->handler_sp + SIGINFO_OFFSET), sizeof signal);
    return signal >= 1 && signal <= 64 &&
                   raw_syscall(SYS_rt_sigaction, signal, 0, (long)&action, 8, 0, 0) == 0 &&
                   action.handler >= 4096 && (action.flags & SA_SIGINFO)
               ? signal
               : 0;
}
#else
static int signal_on_stack(const struct stack_record *stack) {
    (void)stack;
    return 0;
}
#endif

/* The signals whose handler this address is in: those with the nearest handler that begins before it. */
static uint64_t signals_at(uint64_t pc) {
    uint64_t signals = 0, nearest = 0;
    for (int signal = 1; signal <= 64; signal++) {
        struct action action = {0};
        if (raw_syscall(SYS_rt_sigaction, signal, 0, (long)&action, 8, 0, 0) != 0)
            continue;
        if (action.handler < 4096 || action.handler > pc || action.handler < nearest ||
            !same_object(action.handler, pc))
            continue;
        if (action.handler > nearest)
            signals = 0;
        nearest = action.handler;
        signals |= bit(signal);
    }
    return signals;
}

static uint64_t signals_of(const struct thread *t, const struct stack_record *stack) {
    int known = signal_on_stack(stack);
    if (known)
        return bit(known) & ~faults();
    /* Several may share a handler; the one that is being handled is blocked meanwhile. */
    uint64_t signals = signals_at(stack->handler_pc), blocked = signals & t->signals;
    return (blocked ? blocked : signals) & ~faults();
}

#define ASKED_EACH_TIME 1024u
#define ASKED_AT_TIMES 64u

/* The signals that have handlers now: before there is one, none can come. Asking takes some microseconds, so
 * where there are many locks, it is not done for each. For the holder of our lock. */
static uint64_t caught_signals(void) {
    static uint64_t caught;
    static uint32_t asked;
    if (asked++ >= ASKED_EACH_TIME && asked % ASKED_AT_TIMES)
        return caught;
    caught = 0;
    for (int signal = 1; signal <= 64; signal++) {
        struct action action = {0};
        if (raw_syscall(SYS_rt_sigaction, signal, 0, (long)&action, 8, 0, 0) == 0 && action.handler >= 4096)
            caught |= bit(signal);
    }
    caught &= ~bit(SIGBUS); /* the guard's, and never in between */
    return caught;
}

static void report(struct thread *t, uint32_t id, uint64_t signals, const struct lock_signals *known,
                   uint32_t thread, uint32_t mode, uint32_t stack) {
    struct lock_hold hold = {id, mode, stack};
    struct finding_step step = {
        .thread = thread, .holds_count = 1, .holds = &hold, .wants = {id, known->mode, known->stack}};
    (void)t;
    findings_add(&(struct finding){.kind = FINDING_DEADLOCK_POTENTIAL,
                                   .shape = FINDING_SHAPE_SIGNAL,
                                   .severity = FINDING_ERROR,
                                   .steps_count = 1,
                                   .steps = &step,
                                   .values = {(uint64_t)__builtin_ctzll(signals) + 1, 0}});
}

/* Taken in a handler: from now on each acquisition is looked at. */
static void note_handler(struct thread *t, struct lock *lock, uint32_t id, const struct recording_held *held,
                         const struct stack_record *stack) {
    uint64_t signals = signals_of(t, stack);
    if (!lock->signals) {
        lock->signals = new_signals();
        locks_flag(id, LOCK_TABLE_WATCHED, 0);
    }
    if (!lock->signals || !signals)
        return;
    lock->signals->in_handlers |= signals;
    lock->signals->handler_pc = stack->handler_pc;
    lock->signals->stack = held->stack;
    lock->signals->mode = held->mode;
    uint64_t both = lock->signals->in_handlers & lock->unblocked & ~lock->signals->told;
    if (!both || (lock->signals->mode == LOCK_SHARED && !lock->prefers_writers))
        return;
    lock->signals->told |= both;
    report(t, id, both, lock->signals, lock->taken_thread, LOCK_EXCLUSIVE, lock->taken_stack);
}

void handlers_note(struct thread *t, uint32_t id, struct recording_held *held, struct stack_record *stack,
                   bool tried, const struct call_site *call) {
    bool handler = stack && stack->handler_pc;
    if (handler && tried)
        return;
    struct lock *lock = locks_at(id);
    /* Asking for 64 handlers takes long; this one was asked for before. */
    if (handler && lock->signals && lock->signals->handler_pc == stack->handler_pc)
        return;
    session_enter(t);
    thread_settle(t, held, call);
    if (handler) {
        note_handler(t, lock, id, held, stack);
    } else {
        uint64_t unblocked = ~t->signals;
        if (!lock->taken) {
            lock->taken = true;
            lock->taken_thread = t->id;
            lock->taken_stack = held->stack;
            lock->unblocked = unblocked & caught_signals();
        }
        uint64_t both = lock->signals ? lock->signals->in_handlers & unblocked & ~lock->signals->told : 0;
        if (both && (held->mode == LOCK_EXCLUSIVE || lock->signals->mode == LOCK_EXCLUSIVE)) {
            lock->signals->told |= both;
            report(t, id, both, lock->signals, t->id, held->mode, held->stack);
        }
    }
    session_leave(t);
}
