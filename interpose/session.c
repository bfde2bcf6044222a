#define _GNU_SOURCE
#include "interpose/session.h"

#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "detector/arena.h"
#include "detector/lock_graph.h"
#include "detector/segments.h"
#include "interpose/bus_guard.h"
#include "interpose/clock.h"
#include "interpose/findings.h"
#include "interpose/handlers.h"
#include "interpose/hooks_syscall.h"
#include "interpose/inheritance.h"
#include "interpose/lock_table.h"
#include "interpose/locks.h"
#include "interpose/modules.h"
#include "interpose/mutex_word.h"
#include "interpose/notice.h"
#include "interpose/profile.h"
#include "interpose/python.h"
#include "interpose/raw.h"
#include "interpose/real.h"
#include "interpose/stack_store.h"
#include "interpose/text.h"
#include "interpose/threads.h"
#include "interpose/unwinder.h"
#include "interpose/waits.h"

enum state { STATE_EARLY, STATE_OFF, STATE_LIVE, STATE_FORKED };

bool session_threaded;
int (*session_try_lock)(pthread_mutex_t *);

static uint32_t state;     /* enum state */
static uint32_t lock_word; /* 0 free, 1 held, 2 held and waited for */
static struct options options;
static struct recorder recorder;
static struct arena arena;
static struct segments *segments;
static struct lock_graph *graph;

static void lock_own(void) {
    uint32_t free_word = 0;
    if (__atomic_compare_exchange_n(&lock_word, &free_word, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    while (__atomic_exchange_n(&lock_word, 2, __ATOMIC_ACQUIRE) != 0)
        raw_futex_wait(&lock_word, 2);
}

static void unlock_own(void) {
    if (__atomic_exchange_n(&lock_word, 0, __ATOMIC_RELEASE) == 2)
        raw_futex_wake(&lock_word, 1);
}

/* Faults of the program must still reach its handlers, and a blocked one would kill it. */
static const uint64_t all_signals =
    ~((uint64_t)1 << (SIGSEGV - 1) | (uint64_t)1 << (SIGBUS - 1) | (uint64_t)1 << (SIGFPE - 1) |
      (uint64_t)1 << (SIGILL - 1) | (uint64_t)1 << (SIGTRAP - 1));

/* Returns the signal mask to restore. */
static uint64_t enter(void) {
    uint64_t before = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all_signals, (long)&before, sizeof before, 0, 0);
    lock_own();
    return before;
}

static void leave(uint64_t before) {
    unlock_own();
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof before, 0, 0);
}

void session_enter(struct thread *t) {
    /* Signals first: a handler that came in between would take the lock for its own. */
    if (t->nesting == 0)
        t->signals = enter();
    t->nesting++;
}

void session_leave(struct thread *t) {
    if (--t->nesting == 0)
        leave(t->signals);
}

struct recorder *session_recorder(void) {
    return &recorder;
}

const struct options *session_options(void) {
    return &options;
}

uint32_t session_stack_depth(void) {
    return options.stack_depth;
}

void session_lost(enum recording_lost what) {
    recorder.header->lost |= what;
}

struct lock_graph *session_graph(void) {
    return graph;
}

struct segments *session_segments(void) {
    return segments;
}

void thread_settle(struct thread *t, struct recording_held *held, const struct call_site *call) {
    struct stack_record *record = thread_record(held);
    if (!held->stack && record)
        held->stack = stack_memo_resolve(t, record, thread_certain(held), call);
}

static int always_busy(pthread_mutex_t *mutex) {
    (void)mutex;
    return EBUSY;
}

void session_now_threaded(void) {
    if (session_threaded)
        return;
    for (struct thread *t = threads_first(); t; t = t->next)
        __atomic_or_fetch(&t->attention, THREAD_FORGET, __ATOMIC_RELEASE);
    session_threaded = true;
    session_try_lock = real_is_libc ? REAL(pthread_mutex_trylock) : always_busy;
}

void session_attend(struct thread *t, const struct call_site *call) {
    (void)call;
    if (!__atomic_load_n(&t->attention, __ATOMIC_RELAXED))
        return;
    session_enter(t);
    uint32_t what = __atomic_exchange_n(&t->attention, 0, __ATOMIC_ACQ_REL);
    if (what & THREAD_FORGET)
        thread_forget_seen(t);
    if (what & THREAD_FLUSH)
        stack_memo_flush(t);
    if (what & THREAD_DISOWNED)
        findings_drop_disowned(t);
    session_leave(t);
}

static void module_gone(uint64_t start, uint64_t end) {
    locks_within_gone(start, end);
    python_unloaded(start, end);
}

void session_modules_changed(struct thread *t) {
    session_enter(t);
    if (modules_check(module_gone)) {
        stack_store_next_epoch();
        unwinder_flush();
        for (struct thread *other = threads_first(); other; other = other->next)
            __atomic_or_fetch(&other->attention, THREAD_FLUSH, __ATOMIC_RELEASE);
    }
    session_leave(t);
}

static void turn_off(const char *reason) {
    if (recorder.header) {
        struct text text;
        text_init(&text, recorder.header->off_reason, sizeof recorder.header->off_reason);
        text_add(&text, reason);
        __atomic_store_n(&recorder.header->state, RECORDING_OFF, __ATOMIC_RELEASE);
    }
    notice_off(reason);
    __atomic_store_n(&state, STATE_OFF, __ATOMIC_RELEASE);
}

static bool start_parts(bool forked) {
    int error = recorder_start(&recorder, options.dir);
    if (!recorder.header) {
        turn_off("no memory");
        return false;
    }
    if (error)
        notice_no_recording(options.dir, error);
    recorder.header->stack_depth = options.stack_depth;
    recorder.header->max_steps = options.max_steps;
    recorder.header->max_per_edge = options.max_per_edge;
    recorder.header->max_cycles = options.max_cycles;
    recorder.header->max_uses = options.max_uses;
    recorder.header->max_profiled = options.max_profiled;
    recorder.header->max_held = options.max_held;
    recorder.header->starvation_overtakes = options.starvation_overtakes;
    recorder.header->starvation_ms = options.starvation_ms;
    recorder.header->forked = forked;
    threads_start();
    locks_start();
    stack_store_start();
    python_restart();
    findings_start();
    profile_start();
    futex_users_start();
    handlers_start();
    waits_start();
    arena_init(&arena, raw_pages);
    segments = segments_create(&arena);
    struct lock_graph_options limits = {.max_steps = options.max_steps,
                                        .max_per_edge = options.max_per_edge,
                                        .max_cycles = options.max_cycles,
                                        .max_uses = options.max_uses,
                                        .single_thread = options.single_thread};
    graph = segments ? lock_graph_create(&arena, segments, &limits, &findings_listener) : NULL;
    if (!graph || lock_table_start() < 0) {
        turn_off("no memory");
        return false;
    }
    return true;
}

static void record_run(void) {
    char text[16384];
    long exe = raw_readlink("/proc/self/exe", text, 4095);
    size_t exe_size = exe > 0 ? (size_t)exe + 1 : 1, argv_size = 0;
    text[exe_size - 1] = '\0';
    int fd = raw_open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC, 0);
    if (fd >= 0) {
        for (long n;
             exe_size + argv_size + 1 < sizeof text &&
             (n = raw_read(fd, text + exe_size + argv_size, sizeof text - 1 - exe_size - argv_size)) > 0;)
            argv_size += (size_t)n;
        raw_close(fd);
    }
    if (argv_size && text[exe_size + argv_size - 1] != '\0')
        text[exe_size + argv_size++] = '\0';
    struct recording_run *record =
        recorder_append(&recorder, RECORDING_RUN, sizeof *record + exe_size + argv_size);
    if (!record)
        return;
    record->exe_size = (uint32_t)exe_size;
    record->argv_size = (uint32_t)argv_size;
    memcpy(record->text, text, exe_size + argv_size);
    recorder_commit(record);
}

static void go_live(void) {
    __atomic_store_n(&recorder.header->state, RECORDING_LIVE, __ATOMIC_RELEASE);
    __atomic_store_n(&state, STATE_LIVE, __ATOMIC_RELEASE);
}

/* The child of a fork begins anew when it first uses a lock; most children exec before that. */
static struct thread *start_child(void) {
    lock_word = 0;
    session_threaded = false;
    session_try_lock = real_is_libc ? REAL(pthread_mutex_lock) : always_busy;
    if (!start_parts(true))
        return NULL;
    record_run();
    modules_restart();
    struct thread *t = threads_attach((uint32_t)raw_gettid());
    if (!t) {
        turn_off("no memory");
        return NULL;
    }
    t->handle = (uint64_t)pthread_self();
    thread_now = t;
    inheritance_take(t);
    go_live();
    return t;
}

static bool belongs(void) {
    return options.children || !options.root || options.root == (uint32_t)raw_getpid();
}

bool session_live(void) {
    return __atomic_load_n(&state, __ATOMIC_ACQUIRE) == STATE_LIVE;
}

static uint32_t forked_pid; /* of the process in STATE_FORKED */

void session_forked(void) {
    forked_pid = (uint32_t)raw_getpid();
    bus_guard_forked();
    options.root = options.root ? options.root : recorder.header->pid;
    __atomic_store_n(&state, belongs() ? STATE_FORKED : STATE_OFF, __ATOMIC_RELEASE);
}

void session_before_leaving(void) {
    /* A child of vfork runs in its parent's memory, and keeps out of it. */
    if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == STATE_FORKED && forked_pid == (uint32_t)raw_getpid())
        start_child();
}

extern void *__libc_stack_end __attribute__((weak));
extern unsigned long getauxval(unsigned long type) __attribute__((weak));

void session_start(void) {
    extern char **environ;
    /* Its privileges are not those of who set its environment: nothing in there may have an effect. */
    if (!getauxval || getauxval(AT_SECURE)) {
        session_try_lock = real_is_libc ? REAL(pthread_mutex_lock) : always_busy;
        __atomic_store_n(&state, STATE_OFF, __ATOMIC_RELEASE);
        return;
    }
    const char *text = NULL;
    for (char **e = environ; e && *e; e++)
        if (text_starts(*e, "GORDIAN_OPTIONS="))
            text = *e + sizeof "GORDIAN_OPTIONS=" - 1;
    session_try_lock = real_is_libc ? REAL(pthread_mutex_lock) : always_busy;
    clock_start();
    mutex_word_start();
    notice_start();
    options_parse(&options, text, notice_text);
    recorder_absolute(options.dir, sizeof options.dir); /* the program may change its directory */
    if (options.help)
        notice_text(options_help);
    notice_quiet(options.quiet);
    if (!belongs()) {
        __atomic_store_n(&state, STATE_OFF, __ATOMIC_RELEASE);
        return;
    }
    bus_guard_start();
    if (!start_parts(false))
        return;
    record_run();
    modules_start();
    unwinder_start();
    python_start();
    struct thread *t = threads_attach((uint32_t)raw_gettid());
    if (!t) {
        turn_off("no memory");
        return;
    }
    t->detached = false;
    t->handle = (uint64_t)pthread_self();
    if (&__libc_stack_end && __libc_stack_end) {
        t->stack_high = ((uint64_t)__libc_stack_end + 4095) & ~(uint64_t)4095;
        uint64_t limit[2] = {8u << 20, 0};
        raw_syscall(SYS_prlimit64, 0, RLIMIT_STACK, 0, (long)limit, 0, 0);
        t->stack_low = t->stack_high - (limit[0] < 1u << 30 ? limit[0] : 1u << 30);
    }
    thread_now = t;
    inheritance_start();
    go_live();
}

void session_end(void) {
    if (state == STATE_LIVE && recorder.header->pid == (uint32_t)raw_getpid())
        recorder_end(&recorder);
}

struct thread *session_thread(void) {
    uint32_t now = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
    if (now == STATE_FORKED)
        return start_child();
    if (now != STATE_LIVE)
        return NULL;
    /* A thread that pthread_create did not make. */
    uint64_t signals = enter();
    session_now_threaded();
    struct thread *t = threads_attach((uint32_t)raw_gettid());
    leave(signals);
    thread_now = t;
    return t;
}
