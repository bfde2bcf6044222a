#define _GNU_SOURCE
#include "interpose/session.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "detector/arena.h"
#include "detector/lock_graph.h"
#include "detector/segments.h"
#include "interpose/findings.h"
#include "interpose/lock_table.h"
#include "interpose/modules.h"
#include "interpose/notice.h"
#include "interpose/raw.h"
#include "interpose/real.h"
#include "interpose/stack_store.h"
#include "interpose/text.h"
#include "interpose/unwinder.h"

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

static struct session_lock *locks; /* index: id */
static uint32_t locks_count, locks_room;

static struct thread *all_threads, *free_threads;
static uint32_t last_thread;

/* What the forking thread held, for the child. */
static struct {
    struct recording_held *held;
    uint32_t *kinds;
    uint32_t count, room;
    uint64_t stack_low, stack_high;
} inherited;

/* ---- our own lock ---- */

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
    if (t->nesting++ == 0)
        t->signals = enter();
}

void session_leave(struct thread *t) {
    if (--t->nesting == 0)
        leave(t->signals);
}

/* ---- parts ---- */

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

const struct session_lock *session_lock_at(uint32_t lock) {
    return lock && lock <= locks_count ? &locks[lock] : NULL;
}

struct thread *session_threads(void) {
    return __atomic_load_n(&all_threads, __ATOMIC_ACQUIRE);
}

struct thread *session_thread_at(uint32_t id) {
    for (struct thread *t = all_threads; t; t = t->next)
        if (t->id == id && t->slot->state != RECORDING_SLOT_FREE)
            return t;
    return NULL;
}

struct lock_graph *session_graph(void) {
    return graph;
}

/* ---- locks ---- */

static uint32_t new_lock(enum recording_lock_kind kind, uint64_t address, uint32_t initialised,
                         uint32_t first) {
    if (locks_count + 1 >= locks_room) {
        uint32_t wider_room = locks_room ? locks_room * 2 : 256;
        struct session_lock *wider = raw_pages(wider_room * sizeof *wider);
        if (!wider) {
            session_lost(RECORDING_LOST_MEMORY);
            return 0;
        }
        if (locks) {
            memcpy(wider, locks, locks_room * sizeof *wider);
            raw_munmap(locks, locks_room * sizeof *wider);
        }
        locks = wider;
        locks_room = wider_room;
    }
    uint32_t id = ++locks_count;
    locks[id] = (struct session_lock){.address = address, .kind = kind};
    struct recording_lock *record = recorder_append(&recorder, RECORDING_LOCK, sizeof *record);
    if (record) {
        record->lock = id;
        record->kind = kind;
        record->address = address;
        record->initialised = initialised;
        record->first = first;
        recorder_commit(record);
    }
    if (kind != LOCK_KIND_THREAD)
        modules_note(address);
    return id;
}

static void end_lock(uint32_t lock) {
    struct recording_lock_end *record = recorder_append(&recorder, RECORDING_LOCK_END, sizeof *record);
    if (record) {
        record->lock = lock;
        recorder_commit(record);
    }
    lock_graph_remove(graph, lock);
}

/* glibc keeps a mutex's type in it, and robustness as a bit of that. A robust mutex may come from another
 * process, so its init need not have been seen. */
static bool is_robust(const void *mutex) {
#ifdef __GLIBC__
    return ((const pthread_mutex_t *)mutex)->__data.__kind & 16;
#else
    (void)mutex;
    return false;
#endif
}

static uint32_t place_lock(struct thread *t, const void *address, enum recording_lock_kind kind,
                           uint32_t initialised, uint32_t first) {
    uint32_t id = new_lock(kind, (uint64_t)(uintptr_t)address, initialised, first);
    if (id && lock_table_set(address, id) < 0) {
        session_lost(RECORDING_LOST_MEMORY);
        return 0;
    }
    if (id && kind == LOCK_KIND_MUTEX)
        locks[id].robust = is_robust(address);
    if (id && locks[id].address >= t->stack_low && locks[id].address < t->stack_high) {
        locks[id].next_own = t->own_locks;
        t->own_locks = id;
    }
    return id;
}

uint32_t session_lock_id(struct thread *t, const void *address, enum recording_lock_kind kind,
                         struct stack_record *stack, const struct call_site *call) {
    session_enter(t);
    uint32_t id = lock_table_find(address);
    if (!id)
        id = place_lock(t, address, kind, 0, stack ? stack_memo_resolve(t, stack, call) : 0);
    session_leave(t);
    return id;
}

void session_lock_init(struct thread *t, const void *address, enum recording_lock_kind kind,
                       struct stack_record *stack, const struct call_site *call) {
    session_enter(t);
    uint32_t old = lock_table_find(address);
    if (old)
        end_lock(old);
    place_lock(t, address, kind, stack ? stack_memo_resolve(t, stack, call) : 0, 0);
    session_leave(t);
}

void session_lock_gone(struct thread *t, const void *address) {
    if (!lock_table_find(address))
        return;
    session_enter(t);
    uint32_t old = lock_table_find(address);
    if (old) {
        end_lock(old);
        lock_table_set(address, 0);
    }
    session_leave(t);
}

uint32_t session_life_lock(struct thread *t) {
    if (!t->life_lock)
        t->life_lock = new_lock(LOCK_KIND_THREAD, t->id, 0, 0);
    return t->life_lock;
}

/* ---- dependencies ---- */

/* Remember which of the edges need not be looked at again, whatever else is held. Returns whether all need
 * not. */
static bool mark_known_edges(struct thread *t, const struct lock_hold *wants) {
    bool all = true;
    for (uint32_t i = 0; i < t->slot->held_count; i++) {
        const struct recording_held *held = &t->held[i];
        if (!held->lock || held->lock == wants->lock)
            continue;
        if (lock_graph_knows(graph, t->id, t->segment, &(struct lock_hold){held->lock, held->mode, 0}, wants))
            thread_mark_seen(t, thread_edge_key(t, held, wants->lock, wants->mode));
        else
            all = false;
    }
    return all;
}

static void record_dependency(const struct lock_dependency *dependency) {
    size_t holds_size = dependency->holds_count * sizeof(struct lock_hold);
    struct recording_dependency *record =
        recorder_append(&recorder, RECORDING_DEPENDENCY, sizeof *record + holds_size);
    if (!record)
        return;
    record->thread = dependency->thread;
    record->segment = dependency->segment;
    record->wants = dependency->wants;
    record->holds_count = dependency->holds_count;
    memcpy(record->holds, dependency->holds, holds_size);
    recorder_commit(record);
}

/* Returns whether it was new. */
static bool add_dependency(struct thread *t, const struct lock_hold *wants, struct stack_record *stack,
                           const struct call_site *call) {
    static struct lock_hold *holds; /* for the holder of our lock */
    static uint32_t room;
    uint32_t held = t->slot->held_count, count = 0;
    if (held > room) {
        struct lock_hold *wider = raw_pages((held * 2 * sizeof *wider + 4095) & ~(size_t)4095);
        if (!wider) {
            session_lost(RECORDING_LOST_MEMORY);
            return true;
        }
        holds = wider;
        room = held * 2;
    }
    for (uint32_t i = 0; i < held; i++) {
        struct recording_held *h = &t->held[i];
        if (!h->lock || h->lock == wants->lock)
            continue;
        thread_settle(t, h, call);
        holds[count++] = (struct lock_hold){h->lock, h->mode, h->stack};
    }
    if (!count)
        return true;
    struct lock_dependency dependency = {t->id, t->segment, count, holds, *wants};
    dependency.wants.stack = stack ? stack_memo_resolve(t, stack, call) : 0;
    int added = lock_graph_add(graph, &dependency);
    if (added < 0)
        session_lost(RECORDING_LOST_MEMORY);
    if (added > 0)
        record_dependency(&dependency);
    struct lock_graph_counts counts;
    lock_graph_count(graph, &counts);
    recorder.header->cut_searches = counts.cut_searches;
    return added != 0;
}

/* `key` says that this set of held locks was met before with this wanted one; where sets are many, single
 * edges are few. */
bool session_edges_seen(struct thread *t, uint32_t lock, uint32_t mode, uint64_t key) {
    for (uint32_t i = 0; i < t->slot->held_count; i++)
        if (!thread_seen(t, thread_edge_key(t, &t->held[i], lock, mode)))
            return false;
    thread_mark_seen(t, key);
    return true;
}

void session_dependency(struct thread *t, uint32_t lock, uint32_t mode, struct stack_record *stack,
                        const struct call_site *call, uint64_t key) {
    struct lock_hold wants = {lock, mode, 0};
    session_enter(t);
    session_attend(t, call);
    bool known = mark_known_edges(t, &wants);
    if (!known && add_dependency(t, &wants, stack, call)) {
        mark_known_edges(t, &wants);
    } else if (++t->seen_misses >> (64 - t->seen_shift - 2)) {
        thread_grow_seen(t); /* it had been seen and was forgotten, too often */
    }
    thread_mark_seen(t, key);
    session_leave(t);
}

void thread_settle(struct thread *t, struct recording_held *held, const struct call_site *call) {
    struct stack_record *record = thread_record(held);
    if (!held->stack && record)
        held->stack = stack_memo_resolve(t, record, call);
}

/* ---- attention ---- */

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

void session_modules_changed(struct thread *t) {
    session_enter(t);
    if (modules_check()) {
        stack_store_next_epoch();
        unwinder_flush();
        for (struct thread *other = all_threads; other; other = other->next)
            __atomic_or_fetch(&other->attention, THREAD_FLUSH, __ATOMIC_RELEASE);
    }
    session_leave(t);
}

/* ---- threads ---- */

static int always_busy(pthread_mutex_t *mutex) {
    (void)mutex;
    return EBUSY;
}

static void session_set_threaded(void) {
    if (session_threaded)
        return;
    for (struct thread *t = all_threads; t; t = t->next)
        __atomic_or_fetch(&t->attention, THREAD_FORGET, __ATOMIC_RELEASE);
    session_threaded = true;
    session_try_lock = real_is_libc ? REAL(pthread_mutex_trylock) : always_busy;
}

static void record_thread(struct thread *t, uint32_t creator, uint32_t stack) {
    struct recording_thread *record = recorder_append(&recorder, RECORDING_THREAD, sizeof *record);
    if (!record)
        return;
    record->thread = t->id;
    record->tid = t->slot->tid;
    record->creator = creator;
    record->stack = stack;
    record->time_ns = raw_clock_ns(CLOCK_MONOTONIC);
    recorder_commit(record);
}

void session_record_name(struct thread *t, const char name[16]) {
    if (memcmp(t->name, name, 16) == 0)
        return;
    struct recording_thread_name *record = recorder_append(&recorder, RECORDING_THREAD_NAME, sizeof *record);
    if (!record)
        return;
    record->thread = t->id;
    record->tid = t->slot->tid;
    memcpy(record->name, name, 16);
    memcpy(t->name, name, 16);
    recorder_commit(record);
}

static void record_own_name(struct thread *t) {
    char name[16] = {0};
    raw_syscall(SYS_prctl, 16 /* PR_GET_NAME */, (long)name, 0, 0, 0, 0);
    session_record_name(t, name);
}

bool session_thread_gone(const struct thread *t) {
    return t->gone || (t->slot->tid && raw_tgkill((int)recorder.header->pid, (int)t->slot->tid, 0) == -ESRCH);
}

/* The thread is gone for good: its locks on its own stack are no more, what it held is orphaned, and its
 * memory can serve another. */
static void bury(struct thread *t) {
    for (uint32_t id = t->own_locks, next; id; id = next) {
        next = locks[id].next_own;
        const void *address = (const void *)(uintptr_t)locks[id].address;
        if (lock_table_find(address) == id) {
            end_lock(id);
            lock_table_set(address, 0);
        }
    }
    t->own_locks = 0;
    findings_orphan(t);
    for (int f = 0; f < RECORDING_FAMILIES; f++)
        recorder.header->events[f] += t->slot->events[f];
    memset(t->slot->events, 0, sizeof t->slot->events);
    t->slot->held_count = 0;
    t->slot->wait_kind = WAIT_NONE;
    __atomic_store_n(&t->slot->state, RECORDING_SLOT_FREE, __ATOMIC_RELEASE);
    t->handle = 0;
    t->next_free = free_threads;
    free_threads = t;
}

/* Detached threads are found to be gone when memory is wanted. */
static void bury_detached(void) {
    for (struct thread *t = all_threads; t; t = t->next)
        if (t->ended && t->slot->state == RECORDING_SLOT_ENDING && (t->detached || t->joined) &&
            session_thread_gone(t))
            bury(t);
}

static struct thread *new_thread(void) {
    if (!free_threads)
        bury_detached();
    struct thread *t = free_threads;
    if (t) {
        free_threads = t->next_free;
        stack_memo_flush(t);
        memset(t->seen, 0, sizeof *t->seen << (64 - t->seen_shift));
        memset(t->held, 0, t->held_capacity * sizeof *t->held);
        t->held_lost = 0;
        t->special = t->attention = 0;
        t->ended = t->gone = t->detached = t->joined = false;
        t->rounds = 0;
        t->life_lock = 0;
        t->nesting = 0;
        memset(t->name, 0, sizeof t->name);
    } else {
        t = raw_pages((sizeof *t + 4095) & ~(size_t)4095);
        struct recording_slot *slot = t && thread_grow_seen(t) ? recorder_slot(&recorder) : NULL;
        if (!slot)
            return NULL;
        t->slot = slot;
        t->held = slot->held;
        t->held_capacity = RECORDING_HELD_INLINE;
        stack_memo_init(&t->memo);
        t->next = all_threads;
        __atomic_store_n(&all_threads, t, __ATOMIC_RELEASE); /* others walk the list without our lock */
    }
    t->id = ++last_thread;
    t->segment = 0;
    t->seen_salt = thread_hash(t->id, 2);
    t->slot->thread = t->id;
    t->slot->tid = 0;
    return t;
}

static void next_segment(struct thread *t, int segment) {
    if (segment < 0) {
        session_lost(RECORDING_LOST_MEMORY);
        return;
    }
    t->segment = (uint32_t)segment;
    thread_forget_seen(t);
}

static void record_segment(uint32_t thread, uint32_t index, uint32_t cross_thread, uint32_t cross_index) {
    struct recording_segment *record = recorder_append(&recorder, RECORDING_SEGMENT, sizeof *record);
    if (!record)
        return;
    record->thread = thread;
    record->index = index;
    record->cross_thread = cross_thread;
    record->cross_index = cross_index;
    recorder_commit(record);
}

struct thread *session_thread_created(struct thread *creator, struct stack_record *stack,
                                      const struct call_site *call) {
    session_enter(creator);
    session_set_threaded();
    struct thread *t = new_thread();
    if (t) {
        record_thread(t, creator->id, stack ? stack_memo_resolve(creator, stack, call) : 0);
        t->creator = creator->id;
        record_segment(t->id, 0, creator->id, creator->segment);
        next_segment(creator, segments_start(segments, t->id, creator->id));
        /* It counts as running from here on: the creator may wait for what it is going to release. */
        __atomic_store_n(&t->slot->state, RECORDING_SLOT_RUNNING, __ATOMIC_RELEASE);
    }
    session_leave(creator);
    return t;
}

void session_thread_not_created(struct thread *creator, struct thread *created) {
    session_enter(creator);
    bury(created);
    session_leave(creator);
}

/* The thread's descriptor lies at the top of its stack. */
static void find_stack_bounds(struct thread *t) {
    t->stack_high = (uint64_t)pthread_self();
    t->stack_low = t->stack_high - t->stack_size;
}

void session_thread_begin(struct thread *t) {
    t->slot->tid = (uint32_t)raw_gettid();
    t->handle = (uint64_t)pthread_self();
    find_stack_bounds(t);
    thread_now = t;
    session_enter(t);
    record_own_name(t);
    session_leave(t);
}

void session_thread_end(struct thread *t) {
    session_enter(t);
    record_own_name(t);
    struct recording_thread_end *record = recorder_append(&recorder, RECORDING_THREAD_END, sizeof *record);
    if (record) {
        record->thread = t->id;
        record->time_ns = raw_clock_ns(CLOCK_MONOTONIC);
        recorder_commit(record);
    }
    /* What it still holds may be orphaned soon, and then its stack is no longer there to be compared. */
    struct call_site here = {0, ~(uint64_t)0, 0};
    for (uint32_t i = 0; i < t->slot->held_count; i++)
        thread_settle(t, &t->held[i], &here);
    t->ended = true;
    __atomic_store_n(&t->slot->state, RECORDING_SLOT_ENDING, __ATOMIC_RELEASE);
    session_leave(t);
}

void session_thread_joined(struct thread *joiner, uint32_t ended) {
    session_enter(joiner);
    struct thread *t = session_thread_at(ended);
    if (t && !t->joined) {
        t->joined = true;
        record_segment(joiner->id, segments_current(segments, joiner->id) + 1, ended, t->segment);
        next_segment(joiner, segments_join(segments, joiner->id, ended));
        bury(t);
    }
    session_leave(joiner);
}

struct thread *session_thread_by_handle(struct thread *t, uint64_t handle) {
    struct thread *found = NULL;
    session_enter(t);
    for (struct thread *other = all_threads; other && !found; other = other->next)
        if (other->handle == handle && other->slot->state != RECORDING_SLOT_FREE)
            found = other;
    session_leave(t);
    return found;
}

static struct thread *attach(uint32_t tid) {
    struct thread *t = new_thread();
    if (!t)
        return NULL;
    t->slot->tid = tid;
    t->creator = 0;
    t->detached = true; /* nobody is known to join it */
    if (segments_start(segments, t->id, 0) < 0)
        session_lost(RECORDING_LOST_MEMORY);
    record_thread(t, 0, 0);
    record_own_name(t);
    __atomic_store_n(&t->slot->state, RECORDING_SLOT_RUNNING, __ATOMIC_RELEASE);
    return t;
}

/* ---- start, fork, end ---- */

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
    recorder.header->forked = forked;
    all_threads = free_threads = NULL;
    last_thread = locks_count = locks_room = 0;
    locks = NULL;
    stack_store_start();
    findings_start();
    arena_init(&arena, raw_pages);
    segments = segments_create(&arena);
    struct lock_graph_options limits = {.max_steps = options.max_steps};
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

/* The child of a fork begins anew when it first uses a lock; most children exec before that. The forking
 * thread keeps what it held. */
static struct thread *start_child(void) {
    lock_word = 0;
    session_threaded = false;
    session_try_lock = real_is_libc ? REAL(pthread_mutex_lock) : always_busy;
    if (!start_parts(true))
        return NULL;
    record_run();
    modules_restart();
    struct thread *t = attach((uint32_t)raw_gettid());
    if (!t) {
        turn_off("no memory");
        return NULL;
    }
    t->handle = (uint64_t)pthread_self();
    t->stack_low = inherited.stack_low;
    t->stack_high = inherited.stack_high;
    thread_now = t;
    for (uint32_t i = 0; i < inherited.count; i++) {
        uint32_t id =
            place_lock(t, (const void *)(uintptr_t)inherited.held[i].address, inherited.kinds[i], 0, 0);
        if (!id)
            continue;
        /* The stack is the same, its number is the parent's. */
        struct stack_record *stack = thread_record(&inherited.held[i]);
        if (stack)
            stack->stack = 0;
        thread_push(t, id, inherited.held[i].mode, (const void *)(uintptr_t)inherited.held[i].address,
                    inherited.held[i].site, stack);
        t->held[t->slot->held_count - 1].depth = inherited.held[i].depth;
    }
    go_live();
    return t;
}

static bool belongs(void) {
    return options.children || !options.root || options.root == (uint32_t)raw_getpid();
}

/* The last of the handlers before the fork (ours were registered first): remember what the thread holds now.
 */
static void before_fork(void) {
    struct thread *t = thread_now;
    inherited.count = 0;
    if (!t || state != STATE_LIVE)
        return;
    session_enter(t);
    inherited.stack_low = t->stack_low;
    inherited.stack_high = t->stack_high;
    uint32_t count = t->slot->held_count;
    size_t each = sizeof *inherited.held + sizeof *inherited.kinds;
    if (count > inherited.room) {
        char *memory = raw_pages((count * each + 4095) & ~(size_t)4095);
        inherited.room = memory ? count : 0;
        inherited.held = (void *)memory;
        inherited.kinds = (void *)(memory + count * sizeof *inherited.held);
    }
    for (uint32_t i = 0; i < count && i < inherited.room; i++) {
        const struct session_lock *lock = session_lock_at(t->held[i].lock);
        if (!lock)
            continue;
        uint32_t n = inherited.count++;
        inherited.held[n] = t->held[i];
        inherited.kinds[n] = lock->kind;
    }
    session_leave(t);
    t->special |= THREAD_FORKING;
}

static void after_fork_in_parent(void) {
    if (thread_now)
        thread_now->special &= ~(uint32_t)THREAD_FORKING;
}

bool session_in_child(void) {
    return recorder.header->pid != (uint32_t)raw_getpid();
}

/* From here on nothing of the parent's recording may be touched: its memory is shared. */
static void after_fork_in_child(void) {
    if (state != STATE_LIVE)
        return;
    thread_now = NULL;
    options.root = options.root ? options.root : recorder.header->pid;
    __atomic_store_n(&state, belongs() ? STATE_FORKED : STATE_OFF, __ATOMIC_RELEASE);
}

extern void *__libc_stack_end __attribute__((weak));

void session_start(void) {
    extern char **environ;
    const char *text = NULL;
    for (char **e = environ; e && *e; e++)
        if (text_starts(*e, "GORDIAN_OPTIONS="))
            text = *e + sizeof "GORDIAN_OPTIONS=" - 1;
    session_try_lock = real_is_libc ? REAL(pthread_mutex_lock) : always_busy;
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
    if (!start_parts(false))
        return;
    record_run();
    modules_start();
    unwinder_start();
    struct thread *t = attach((uint32_t)raw_gettid());
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
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
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
    session_set_threaded();
    struct thread *t = attach((uint32_t)raw_gettid());
    leave(signals);
    thread_now = t;
    return t;
}
