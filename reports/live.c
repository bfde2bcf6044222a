#define _GNU_SOURCE
#include "reports/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "detector/wait_graph.h"
#include "reports/facts.h"
#include "reports/memory.h"
#include "reports/names.h"
#include "reports/resolver.h"

#define READ_TRIES 16
#define HELD_LIMIT ((size_t)1 << 20) /* locks of one thread that are shown; a forged count stays cheap */

struct live_memory {
    struct live live; /* first: live_free gets its address */
    struct memory_pool pool;
    struct facts *facts;
    struct symbols *symbols;
    struct resolver resolver;
    struct live_thread *threads;
    size_t capacity;
};

/* Read a slot with its held locks so that they belong together. Returns the number of locks, SIZE_MAX when
 * the slot is not to be believed. */
static size_t read_slot(struct recording_reader *reader, size_t index, struct recording_slot *slot,
                        struct recording_held *held, size_t capacity, bool *uncertain) {
    struct recording_slot again;
    size_t count = SIZE_MAX;
    *uncertain = true;
    for (int i = 0; i < READ_TRIES && *uncertain; i++) {
        if (!recording_reader_slot(reader, index, slot))
            return SIZE_MAX;
        count = recording_reader_held(reader, slot, held, capacity);
        if (!recording_reader_slot(reader, index, &again))
            return SIZE_MAX;
        memcpy(again.events, slot->events, sizeof again.events); /* they may grow meanwhile */
        *uncertain = memcmp(slot, &again, sizeof again) != 0;
    }
    return count;
}

static uint64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void add_holds(struct live_memory *memory, struct live_thread *thread,
                      const struct recording_held *held, size_t count) {
    struct live_hold *holds = memory_pool_alloc(&memory->pool, (count + 1) * sizeof *holds);
    for (size_t i = 0; i < count; i++) {
        holds[i].lock = resolver_lock(&memory->resolver, held[i].lock);
        holds[i].address = held[i].address;
        holds[i].mode = held[i].mode;
        holds[i].depth = held[i].depth & ~RECORDING_HELD_SAMPLED;
        holds[i].stack = resolver_stack(&memory->resolver, held[i].stack);
        holds[i].site = !holds[i].stack.count && held[i].site;
        if (holds[i].site)
            holds[i].stack = resolver_address(&memory->resolver, held[i].site);
    }
    thread->holds = holds;
    thread->holds_count = count;
}

static void add_wait(struct live_memory *memory, struct live_thread *thread,
                     const struct recording_slot *slot) {
    static const enum live_wait waits[WAIT_KINDS] = {
        [WAIT_LOCK] = LIVE_WAITS_LOCK,           [WAIT_JOIN] = LIVE_WAITS_JOIN,
        [WAIT_CONDITION] = LIVE_WAITS_CONDITION, [WAIT_SEMAPHORE] = LIVE_WAITS_SEMAPHORE,
        [WAIT_BARRIER] = LIVE_WAITS_BARRIER,     [WAIT_OUTSIDE] = LIVE_WAITS_OUTSIDE,
    };
    if (slot->wait_kind == WAIT_NONE || slot->wait_kind >= WAIT_KINDS)
        return;
    thread->wait = waits[slot->wait_kind];
    if (thread->wait == LIVE_WAITS_JOIN)
        thread->awaited = resolver_thread(&memory->resolver, slot->wait_target);
    else
        thread->wanted = resolver_lock(&memory->resolver, slot->wait_target);
    if (thread->wait == LIVE_WAITS_CONDITION)
        thread->then = resolver_lock(&memory->resolver, slot->wait_lock);
    uint64_t now = memory->live.running ? monotonic_ns() : 0;
    thread->wanted_mode = slot->wait_mode;
    thread->timed = slot->wait_timed != 0;
    thread->waited_ns = now > slot->wait_since_ns ? now - slot->wait_since_ns : 0;
    thread->wait_stack = resolver_stack(&memory->resolver, slot->wait_stack);
}

static void add_threads(struct live_memory *memory) {
    struct recording_reader *reader = facts_reader(memory->facts);
    struct recording_slot slot;
    struct recording_held *held = NULL;
    size_t capacity = 0;
    bool uncertain;
    for (size_t i = 0; recording_reader_slot(reader, i, &slot); i++) {
        if (slot.state != RECORDING_SLOT_RUNNING && slot.state != RECORDING_SLOT_ENDING)
            continue;
        size_t wanted = slot.held_count < HELD_LIMIT ? slot.held_count + 16 : HELD_LIMIT;
        if (!slot.held_offset)
            wanted = RECORDING_HELD_INLINE;
        held = memory_array_grow(held, &capacity, wanted, sizeof *held);
        size_t count = read_slot(reader, i, &slot, held, capacity, &uncertain);
        if (slot.state != RECORDING_SLOT_RUNNING && slot.state != RECORDING_SLOT_ENDING)
            continue;
        struct live *live = &memory->live;
        memory->threads =
            memory_array_grow(memory->threads, &memory->capacity, live->count + 1, sizeof *memory->threads);
        struct live_thread *thread = &memory->threads[live->count++];
        *thread = (struct live_thread){.ending = slot.state == RECORDING_SLOT_ENDING, .uncertain = uncertain};
        if (count == SIZE_MAX) {
            thread->uncertain = true;
            count = 0;
        }
        facts_update(memory->facts); /* the slot may name what was recorded a moment ago */
        thread->thread = resolver_thread(&memory->resolver, slot.thread);
        add_holds(memory, thread, held, count < capacity ? count : capacity);
        add_wait(memory, thread, &slot);
    }
    free(held);
    memory->live.threads = memory->threads;
}

/* The path of the file that a line of /proc/PID/maps shows as mapped and shared, if its name ends in ".rec".
 * It is reached through the process's root, in case that is not ours, or through the mapping, in case it has
 * no name any more. Returns false for other lines. */
static bool recording_of_line(uint32_t pid, char *line, char *path, size_t size) {
    static const char suffix[] = ".rec", deleted[] = " (deleted)";
    char range[40], permissions[8], inode[24];
    int name = 0;
    if (sscanf(line, "%39s %7s %*s %*s %23s %n", range, permissions, inode, &name) != 3 ||
        permissions[3] != 's' || line[name] != '/')
        return false;
    line[strcspn(line, "\n")] = 0;
    size_t length = strlen(line + name);
    bool gone = length > sizeof deleted && strcmp(line + name + length - (sizeof deleted - 1), deleted) == 0;
    if (gone)
        line[name + (int)(length -= sizeof deleted - 1)] = 0;
    if (length < sizeof suffix || strcmp(line + name + length - (sizeof suffix - 1), suffix) != 0)
        return false;
    struct stat status;
    if (!gone && stat(line + name, &status) == 0 && status.st_ino == strtoull(inode, NULL, 10))
        snprintf(path, size, "%s", line + name);
    else if (!gone)
        snprintf(path, size, "/proc/%u/root%s", pid, line + name);
    else
        snprintf(path, size, "/proc/%u/map_files/%s", pid, range);
    return true;
}

/* Call `found` for each recording that the process maps until it returns false. Returns 0 or a negative
 * errno. */
static int find_recordings(uint32_t pid, bool (*found)(void *context, const char *path), void *context) {
    char name[32], path[4352], last[4352] = "", *line = NULL;
    size_t size = 0;
    snprintf(name, sizeof name, "/proc/%u/maps", pid);
    FILE *maps = fopen(name, "re");
    if (!maps)
        return -errno;
    while (getline(&line, &size, maps) > 0) {
        if (!recording_of_line(pid, line, path, sizeof path) || strcmp(path, last) == 0)
            continue;
        memcpy(last, path, sizeof last);
        if (!found(context, path))
            break;
    }
    int status = ferror(maps) ? -EACCES : 0;
    free(line);
    fclose(maps);
    return status;
}

struct file_search {
    struct stat status;
    bool found;
};

static bool is_same_file(void *context, const char *path) {
    struct file_search *search = context;
    struct stat status;
    search->found |= stat(path, &status) == 0 && status.st_dev == search->status.st_dev &&
                     status.st_ino == search->status.st_ino;
    return !search->found;
}

static bool maps_recording(uint32_t pid, const char *path) {
    struct file_search search = {.found = false};
    return stat(path, &search.status) == 0 && find_recordings(pid, is_same_file, &search) == 0 &&
           search.found;
}

static int read_live(const char *path, uint32_t known_pid, struct live **out, char *error,
                     size_t error_size) {
    struct facts *facts;
    int status = facts_open(path, &facts, error, error_size);
    if (status < 0)
        return status;
    size_t capacity = 0;
    struct live_memory *memory = memory_array_grow(NULL, &capacity, 1, sizeof *memory);
    const struct recording_header *header = recording_reader_header(facts_reader(facts));
    *memory = (struct live_memory){.facts = facts, .symbols = symbols_create()};
    resolver_init(&memory->resolver, facts, memory->symbols, &memory->pool);
    memory->live = (struct live){
        .pid = known_pid ? known_pid : header->pid,
        .exe = facts_exe(facts),
        .state = header->state,
        .running = known_pid || maps_recording(header->pid, path),
    };
    add_threads(memory);
    memory->live.damage = recording_reader_damage(facts_reader(facts));
    *out = &memory->live;
    return 0;
}

int live_read(const char *path, struct live **out, char *error, size_t error_size) {
    return read_live(path, 0, out, error, error_size);
}

/* The recording that is the process's own: a child has its parent's mapped for a moment after fork. In a pid
 * namespace the recording says another pid; then the last one counts. */
struct own_search {
    uint32_t pid;
    char path[4352];
};

static bool is_own(void *context, const char *path) {
    struct own_search *search = context;
    struct recording_reader *reader;
    char error[128];
    if (recording_reader_open(path, &reader, error, sizeof error) < 0)
        return true;
    bool own = recording_reader_header(reader)->pid == search->pid;
    recording_reader_close(reader);
    snprintf(search->path, sizeof search->path, "%s", path);
    return !own;
}

int live_read_process(uint32_t pid, struct live **out, char *error, size_t error_size) {
    struct own_search search = {.pid = pid};
    int status = find_recordings(pid, is_own, &search);
    if (status == 0 && search.path[0])
        return read_live(search.path, pid, out, error, error_size);
    if (status == 0)
        status = -ESRCH;
    snprintf(error, error_size, "%s",
             status == -ENOENT  ? "there is no such process"
             : status == -ESRCH ? "gordian is not at work in it"
                                : strerror(-status));
    return status;
}

/* The name of a lock with its kind before that of a variable. */
static const char *with_kind(struct memory_pool *pool, const struct report_lock *lock) {
    return lock->variable ? memory_pool_format(pool, "%s %s", names_kind(lock->kind), lock->name)
                          : lock->name;
}

const char *live_wait_text(struct memory_pool *pool, const struct live_thread *thread) {
    const struct report_lock *wanted = thread->wanted;
    switch (thread->wait) {
    case LIVE_WAITS_JOIN:
        return memory_pool_format(pool, "for the end of %s (%s)", thread->awaited->name, thread->awaited->id);
    case LIVE_WAITS_CONDITION:
        if (thread->then)
            return memory_pool_format(pool, "for %s, then for %s",
                                      wanted ? with_kind(pool, wanted) : "a condition",
                                      with_kind(pool, thread->then));
        return memory_pool_format(pool, "for %s", wanted ? with_kind(pool, wanted) : "a condition");
    case LIVE_WAITS_SEMAPHORE:
        return memory_pool_format(pool, "for %s", wanted ? with_kind(pool, wanted) : "a semaphore");
    case LIVE_WAITS_BARRIER:
        return memory_pool_format(pool, "at %s", wanted ? with_kind(pool, wanted) : "a barrier");
    case LIVE_WAITS_OUTSIDE:
        return memory_pool_format(pool, "for %s%s", wanted ? with_kind(pool, wanted) : "another process",
                                  thread->wanted_mode == LOCK_SHARED ? " (shared)" : "");
    case LIVE_WAITS_LOCK:
        break;
    default:
        return NULL;
    }
    if (!wanted)
        return "for a lock";
    if (wanted->kind == LOCK_KIND_RWLOCK)
        return memory_pool_format(
            pool, "to %s %s", thread->wanted_mode == LOCK_SHARED ? "read-lock" : "write-lock", wanted->name);
    if (wanted->kind == LOCK_KIND_MUTEX)
        return memory_pool_format(pool, "for %s", wanted->name);
    if (wanted->kind == LOCK_KIND_ONCE)
        return memory_pool_format(pool, "for the init routine of %s", wanted->name);
    return memory_pool_format(pool, "for %s", with_kind(pool, wanted));
}

void live_free(struct live *live) {
    struct live_memory *memory = (struct live_memory *)live;
    if (!memory)
        return;
    resolver_free(&memory->resolver);
    symbols_free(memory->symbols);
    facts_close(memory->facts);
    free(memory->threads);
    memory_pool_free(&memory->pool);
    free(memory);
}
