/* flock, fcntl and lockf. A flock belongs to an open file, here to the thread that took it; the others belong
 * to the process, so that only their waits are shown. */
#define _GNU_SOURCE
#include "interpose/hooks_file.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interpose/acquire.h"
#include "interpose/findings.h"
#include "interpose/misuse.h"
#include "interpose/raw.h"

/* ---- which file ---- */

struct place {
    uint64_t device, inode;
};

static bool place_of(int file, struct place *out) {
    struct stat status = {0};
    if (raw_syscall(SYS_fstat, file, (long)&status, 0, 0, 0, 0) < 0)
        return false;
    *out = (struct place){status.st_dev, status.st_ino};
    return true;
}

/* An address for the lock table: of the half that no process has. */
static const void *key_of(const struct place *place) {
    uint64_t x = (place->inode + place->device * 0xd6e8feb86659fd93u) * 0x9e3779b97f4a7c15u;
    x ^= x >> 29;
    return (const void *)(uintptr_t)(x | (uint64_t)1 << 63);
}

/* Whether two descriptors are of one open file, as dup makes them; true when it cannot be told. */
static bool one_open_file(int a, int b) {
    long pid = raw_getpid();
    return a == b || raw_syscall(SYS_kcmp, pid, pid, KCMP_FILE, a, b, 0) <= 0;
}

bool files_used;

static void drop(struct thread *t, struct recording_held *held) {
    if (held->depth & RECORDING_HELD_SAMPLED)
        profile_released(t, held);
    thread_remove(t, held);
}

void files_drop_stale(struct thread *t) {
    for (uint32_t n = t->slot->held_count; n--;) {
        const struct lock *lock = locks_at(t->held[n].lock);
        struct place place = {0};
        if (!lock || lock->kind != LOCK_KIND_FILE)
            continue;
        if (!place_of((int)lock->value, &place) || place.device != lock->device || place.inode != lock->word)
            drop(t, &t->held[n]);
    }
}

/* ---- flock ---- */

struct file_call {
    struct thread *thread;
    uint32_t id, mode;
    struct stack_record *stack;
    const struct call_site *site;
    struct wait wait;
};

static bool begin(struct file_call *call, int file, int operation, const struct call_site *site) {
    struct thread *t = hooks_thread();
    struct place place = {0};
    if (!t || (!thread_plain(t) && hooks_mode(t, site) != HOOK_FULL))
        return false;
    KEEP_ERRNO;
    files_drop_stale(t);
    if (!place_of(file, &place))
        return false;
    const void *key = key_of(&place);
    *call = (struct file_call){.thread = t, .site = site};
    call->mode = operation & LOCK_SH ? LOCK_SHARED : LOCK_EXCLUSIVE;
    call->stack = stack_memo_find(&t->memo, t, site);
    call->id = operation & LOCK_UN ? lock_table_find_kind(key, LOCK_KIND_FILE)
                                   : acquire_id(t, key, LOCK_KIND_FILE, call->stack, site);
    struct lock *lock = locks_at(call->id);
    if (!lock)
        return false;
    lock->device = place.device;
    lock->word = place.inode;
    return true;
}

static void count_call(void) {
    if (thread_plain(thread_now))
        thread_now->slot->events[RECORDING_FAMILY_OTHER]++;
}

/* Others' accounts say that they hold it, which cannot be: they have closed the file, or it is the same. */
static void disown_others(const struct file_call *call, uint32_t mode) {
    uint32_t owner = misuse_holder(call->thread, call->thread, call->id, mode).thread;
    if (owner)
        findings_disown_holder(call->thread, owner, call->id);
}

/* Any descriptor of the open file will do, in any thread. */
static void unlocked(const struct file_call *call, int file) {
    KEEP_ERRNO;
    struct thread *t = call->thread;
    struct recording_held *held = thread_holds(t, call->id);
    const struct lock *lock = locks_at(call->id);
    if (!one_open_file(file, (int)lock->value))
        return;
    if (!held || held->mode == LOCK_EXCLUSIVE)
        disown_others(call, LOCK_EXCLUSIVE);
    if (held)
        drop(t, held);
}

/* The kernel gives up what the open file has before it looks whether it can have the other mode. */
static void give_up(const struct file_call *call, int file) {
    struct recording_held *held = thread_holds(call->thread, call->id);
    if (held && one_open_file(file, (int)locks_at(call->id)->value))
        drop(call->thread, held);
}

static void locked(const struct file_call *call, int file, bool order) {
    KEEP_ERRNO;
    struct thread *t = call->thread;
    struct lock *lock = locks_at(call->id);
    give_up(call, file);
    if (order)
        acquire_order(t, call->id, call->mode, call->stack, call->site);
    disown_others(call, call->mode);
    lock->value = (uint32_t)file;
    files_used = true;
    if (thread_holds(t, call->id))
        return; /* by another open file: both shared */
    struct recording_held *held = acquire_account(
        t, call->id, call->mode, (const void *)(uintptr_t)lock->address, call->stack, call->site);
    acquire_note(t, RECORDING_FAMILY_OTHER, call->id, held, call->stack, call->site);
}

static void wait_over(void *argument) {
    struct file_call *call = argument;
    KEEP_ERRNO;
    waits_over(call->thread, &call->wait);
}

static void publish(struct file_call *call, bool inside) {
    call->wait = (struct wait){.kind = inside ? WAIT_LOCK : WAIT_OUTSIDE,
                               .target = call->id,
                               .mode = call->mode,
                               .address = (const void *)(uintptr_t)locks_at(call->id)->address,
                               .stack = call->stack};
    waits_begin(call->thread, &call->wait, call->site);
}

/* Its holder is a thread of this process, or it is not known: then another process may release it. */
static int wait_for_flock(struct file_call *call, int file, int operation) {
    int result;
    {
        KEEP_ERRNO;
        give_up(call, file);
        publish(call, misuse_holder(call->thread, NULL, call->id, call->mode).thread != 0);
        acquire_order(call->thread, call->id, call->mode, call->stack, call->site);
    }
    pthread_cleanup_push(wait_over, call);
    result = REAL(flock)(file, operation);
    pthread_cleanup_pop(1);
    return result;
}

HOOK int flock(int file, int operation) {
    struct call_site site = CALL_SITE();
    struct file_call call;
    if (!begin(&call, file, operation, &site))
        return REAL(flock)(file, operation);
    count_call();
    if (operation & LOCK_UN) {
        unlocked(&call, file); /* before the call: after it another thread may have it */
        return REAL(flock)(file, operation);
    }
    int before = errno, result = REAL(flock)(file, operation | LOCK_NB);
    bool waits = result != 0 && errno == EWOULDBLOCK && !(operation & LOCK_NB);
    if (waits) {
        errno = before;
        result = wait_for_flock(&call, file, operation);
    } else if (result != 0) {
        give_up(&call, file);
    }
    if (result == 0)
        locked(&call, file, !waits && !(operation & LOCK_NB));
    return result;
}

/* ---- fcntl and lockf ---- */

/* Publish the wait of a call that said that it would block. */
static bool begin_outside(struct file_call *call, int file, const struct call_site *site) {
    if (!begin(call, file, LOCK_EX, site))
        return false;
    KEEP_ERRNO;
    publish(call, false);
    return true;
}

static bool would_block(int result) {
    return result == -1 && (errno == EAGAIN || errno == EACCES);
}

typedef int (*fcntl_function)(int file, int command, ...);

static __attribute__((noinline)) int fcntl_waits(fcntl_function real, int file, int command, void *argument,
                                                 const struct call_site *site) {
    struct file_call call;
    count_call();
    if (hooks_cancelling)
        pthread_testcancel(); /* a cancellation point even when it does not wait */
    int before = errno, result = real(file, command == F_SETLKW ? F_SETLK : F_OFD_SETLK, argument);
    if (!would_block(result))
        return result;
    errno = before;
    if (!begin_outside(&call, file, site))
        return real(file, command, argument);
    pthread_cleanup_push(wait_over, &call);
    result = real(file, command, argument);
    pthread_cleanup_pop(1);
    return result;
}

/* The argument, if there is one, is a number or a pointer. */
#define FCNTL(name)                                                                                          \
    HOOK int name(int file, int command, ...) {                                                              \
        va_list more;                                                                                        \
        va_start(more, command);                                                                             \
        void *argument = va_arg(more, void *);                                                               \
        va_end(more);                                                                                        \
        if (__builtin_expect((command != F_SETLKW && command != F_OFD_SETLKW) || !thread_now, 1))            \
            return REAL(name)(file, command, argument);                                                      \
        struct call_site site = CALL_SITE();                                                                 \
        return fcntl_waits(REAL(name), file, command, argument, &site);                                      \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

#define LOCKF(name)                                                                                          \
    HOOK int name(int file, int command, off_t size) {                                                       \
        struct file_call call;                                                                               \
        if (command != F_LOCK || !thread_now)                                                                \
            return REAL(name)(file, command, size);                                                          \
        struct call_site site = CALL_SITE();                                                                 \
        count_call();                                                                                        \
        int before = errno, result = REAL(name)(file, F_TLOCK, size);                                        \
        if (!would_block(result))                                                                            \
            return result;                                                                                   \
        errno = before;                                                                                      \
        if (!begin_outside(&call, file, &site))                                                              \
            return REAL(name)(file, command, size);                                                          \
        pthread_cleanup_push(wait_over, &call);                                                              \
        result = REAL(name)(file, command, size);                                                            \
        pthread_cleanup_pop(1);                                                                              \
        return result;                                                                                       \
    }
LOCKF(lockf)
LOCKF(lockf64)
