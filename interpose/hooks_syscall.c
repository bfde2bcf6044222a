/* syscall: futexes that are waited for behind the back of every lock's hook. */
#define _GNU_SOURCE
#include "interpose/hooks_syscall.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>

#include "interpose/hooks.h"
#include "interpose/hooks_process.h"
#include "interpose/modules.h"
#include "interpose/raw.h"
#include "interpose/real.h"

extern int _dl_find_object(void *address, struct dl_find_object *result) __attribute__((weak));

/* The calls that were looked at, by a hash of their return addresses: a later one takes the place of an
 * earlier. And the modules that were recorded, by their first addresses; when there are more, some are
 * recorded twice. */
#define CALLS_BITS 8
#define MODULES 256
static uint64_t calls[1u << CALLS_BITS], modules[MODULES];

void futex_users_start(void) {
    memset(calls, 0, sizeof calls);
    memset(modules, 0, sizeof modules);
}

static bool is_new(uint64_t start) {
    for (unsigned i = 0; i < MODULES; i++) {
        uint64_t known = 0;
        if (__atomic_compare_exchange_n(&modules[i], &known, start, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            return true;
        if (known == start)
            return false;
    }
    return true;
}

static void record(struct thread *t, uint64_t address) {
    session_enter(t);
    struct recording_futex_user *user =
        recorder_append(session_recorder(), RECORDING_FUTEX_USER, sizeof *user);
    if (user) {
        user->address = address;
        recorder_commit(user);
        modules_note(address);
    }
    session_leave(t);
}

static __attribute__((noinline)) void note(uint64_t *place, const struct call_site *call) {
    struct thread *t = hooks_thread();
    if (!t || (!thread_plain(t) && hooks_mode(t, call) != HOOK_FULL))
        return;
    KEEP_ERRNO;
    struct dl_find_object found;
    uint64_t address = call->pc - 1;
    /* Code of no module, made at run time: by its page. */
    uint64_t start = address & ~(uint64_t)4095;
    if (_dl_find_object && _dl_find_object((void *)(uintptr_t)address, &found) == 0)
        start = (uint64_t)(uintptr_t)found.dlfo_map_start;
    __atomic_store_n(place, call->pc, __ATOMIC_RELAXED);
    if (is_new(start))
        record(t, address);
}

HOOK long syscall(long number, ...) {
    va_list more;
    long a[6];
    /* As libc does: whatever the registers and the stack hold, if there were fewer. */
    va_start(more, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(more, long);
    va_end(more);
    if (number == SYS_futex) {
        struct call_site call = CALL_SITE();
        uint64_t *place = &calls[call.pc * 0x9e3779b97f4a7c15u >> (64 - CALLS_BITS)];
        if (__builtin_expect(__atomic_load_n(place, __ATOMIC_RELAXED) != call.pc, 0))
            note(place, &call);
    }
    if (__builtin_expect(number == SYS_seccomp || (number == SYS_prctl && a[0] == PR_SET_SECCOMP), 0))
        process_confines();
    if (__builtin_expect(!process_forks(number, a[0]), 1))
        return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    process_before_fork();
    long child = REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    process_after_fork(child);
    return child;
}
