#define _GNU_SOURCE
#include "interpose/bus_guard.h"

#include <errno.h>

#include "interpose/notice.h"
#include "interpose/raw.h"
#include "interpose/real.h"

#define PAGE 4096u
#define RANGES 4096u

struct range {
    uint64_t start, end;
};

static struct range ranges[RANGES];
static uint32_t ranges_count;
static bool hit, started;
static uint32_t owner; /* pid of the process whose state this is; a child of vfork has another */

/* The program's own action, as it set it. Changed with the word held and all signals blocked. */
static struct sigaction program_action;
static uint64_t program_handler; /* for the handler, which may come in between */
static uint32_t word;

static bool is_guarded(uint64_t address) {
    uint32_t count = __atomic_load_n(&ranges_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count && i < RANGES; i++)
        if (address >= ranges[i].start && address < ranges[i].end)
            return true;
    return false;
}

/* What the program would have got without us. */
static void pass_on(int number, siginfo_t *info, void *context) {
    uint64_t handler = __atomic_load_n(&program_handler, __ATOMIC_ACQUIRE);
    if (handler > (uint64_t)(uintptr_t)SIG_IGN) {
        ((void (*)(int, siginfo_t *, void *))(uintptr_t)handler)(number, info, context);
        return;
    }
    /* The default: a fault is met again, and a signal that was sent is sent again. */
    struct sigaction none = {.sa_handler = SIG_DFL};
    int error = errno;
    REAL(sigaction)(number, &none, NULL);
    errno = error;
    if (info->si_code <= 0)
        raw_syscall(SYS_rt_tgsigqueueinfo, raw_getpid(), raw_gettid(), number, (long)info, 0, 0);
}

static void handle(int number, siginfo_t *info, void *context) {
    uint64_t address = (uint64_t)(uintptr_t)info->si_addr;
    if (info->si_code == BUS_ADRERR && is_guarded(address)) {
        long page = (long)(address & ~(uint64_t)(PAGE - 1));
        if (!__atomic_exchange_n(&hit, true, __ATOMIC_ACQ_REL))
            notice_off("the recording was truncated");
        if (raw_mmap((void *)page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                     0) == page)
            return;
    }
    pass_on(number, info, context);
}

/* The kernel resets such a handler when it calls it; and what is ignored must stay ignored across exec. */
static bool can_stand_before(const struct sigaction *action) {
    return action->sa_handler != SIG_IGN && !(action->sa_flags & (int)SA_RESETHAND);
}

static int install(const struct sigaction *action) {
    struct sigaction ours = *action;
    if (!can_stand_before(action))
        return REAL(sigaction)(SIGBUS, action, NULL);
    if (action->sa_handler == SIG_DFL) {
        ours.sa_mask = (sigset_t){0};
        ours.sa_flags = SA_ONSTACK | SA_RESTART | (int)SA_NODEFER;
    }
    ours.sa_sigaction = handle;
    ours.sa_flags |= SA_SIGINFO;
    return REAL(sigaction)(SIGBUS, &ours, NULL);
}

void bus_guard_start(void) {
    struct sigaction now;
    if (started || REAL(sigaction)(SIGBUS, NULL, &now) != 0)
        return;
    program_action = now;
    __atomic_store_n(&program_handler, (uint64_t)(uintptr_t)now.sa_handler, __ATOMIC_RELEASE);
    owner = (uint32_t)raw_getpid();
    started = install(&now) == 0;
}

void bus_guard_forked(void) {
    owner = (uint32_t)raw_getpid();
    word = 0;
    hit = false;
}

bool bus_guard_add(const void *start, size_t bytes) {
    uint32_t count = ranges_count;
    if (count == RANGES)
        return false;
    ranges[count] = (struct range){(uint64_t)(uintptr_t)start, (uint64_t)(uintptr_t)start + bytes};
    __atomic_store_n(&ranges_count, count + 1, __ATOMIC_RELEASE);
    return true;
}

bool bus_guard_hit(void) {
    return __atomic_load_n(&hit, __ATOMIC_ACQUIRE);
}

static void lock_word(uint64_t *signals) {
    const uint64_t all = ~(uint64_t)0;
    raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all, (long)signals, sizeof all, 0, 0);
    while (__atomic_exchange_n(&word, 1, __ATOMIC_ACQUIRE))
        raw_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

static void unlock_word(const uint64_t *signals) {
    __atomic_store_n(&word, 0, __ATOMIC_RELEASE);
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)signals, 0, sizeof *signals, 0, 0);
}

int bus_guard_sigaction(const struct sigaction *set, struct sigaction *old) {
    if (!started)
        return REAL(sigaction)(SIGBUS, set, old);
    /* A child of vfork shares the memory, but has handlers of its own. */
    if (owner != (uint32_t)raw_getpid()) {
        int result = REAL(sigaction)(SIGBUS, set, old);
        if (result == 0 && old && (old->sa_flags & SA_SIGINFO) && old->sa_sigaction == handle)
            *old = program_action;
        return result;
    }
    uint64_t signals;
    int result = 0;
    lock_word(&signals);
    struct sigaction before = program_action;
    if (set) {
        struct sigaction wanted = *set;
        /* In this order, a fault that comes in between has one of the two handlers. */
        __atomic_store_n(&program_handler, (uint64_t)(uintptr_t)wanted.sa_handler, __ATOMIC_RELEASE);
        result = install(&wanted);
        program_action = result == 0 ? wanted : before;
        __atomic_store_n(&program_handler, (uint64_t)(uintptr_t)program_action.sa_handler, __ATOMIC_RELEASE);
    }
    if (old && result == 0)
        *old = before;
    unlock_word(&signals);
    return result;
}
