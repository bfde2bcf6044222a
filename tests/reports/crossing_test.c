/* Deadlocks between processes, in recordings made by hand. A process of these tests is either gone (its pid
 * is nobody's) or there: then it is this one, which maps its recording. */
#define _GNU_SOURCE
#include "reports/crossing.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "detector/wait_graph.h"
#include "reports/processes.h"
#include "tests/check.h"
#include "tests/reports/scene.h"

/* ---- processes ---- */

enum { A = 1, B, C, LOCKS }; /* locks between processes */
#define INNER (LOCKS + 100)  /* a lock of one process; ids of the others differ from process to process */
#define ROBUST 1             /* a mutex's value */

struct thread {
    uint32_t holds[3];
    uint32_t kind; /* of the wait; 0 and with `wants`: WAIT_LOCK */
    uint32_t wants;
    uint32_t mode, held_mode;
    uint32_t mutex; /* of the condition */
    bool timed;
    uint32_t since_s, ticket, state;
};

struct process {
    const char *name;
    bool there;
    uint32_t pid;       /* of one that is gone; 0: one that is nobody's */
    uint32_t lock_kind; /* of A, B and C; 0: mutexes */
    uint32_t value;
    bool initialises;
    struct processes_place places[LOCKS]; /* where these are not the usual ones */
    uint64_t addresses[LOCKS];
    struct thread threads[3];
};

/* The same lock has another id in each process. */
static uint32_t id_of(const struct process *process, uint32_t lock) {
    return lock && lock < LOCKS ? lock + (process->name[0] - 'a') * 10u + 10 : lock;
}

/* A segment that this process maps, for processes that are there. */
static char *segment(void) {
    static char *at;
    if (!at) {
        int fd = memfd_create("segment", MFD_CLOEXEC);
        CHECK_EQ(ftruncate(fd, 8192), 0);
        at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
        close(fd);
    }
    return at;
}

static struct processes_place usual_place(uint32_t lock) {
    struct processes_place place = {0};
    CHECK_EQ(processes_shared((uint32_t)getpid(), (uintptr_t)segment() + lock * 64, &place), 0);
    return place;
}

static void add_shared_lock(struct recording_builder *builder, const struct process *process, uint32_t lock) {
    struct processes_place place = process->places[lock];
    if (!place.inode)
        place = usual_place(lock);
    struct recording_lock record = {
        .lock = id_of(process, lock),
        .kind = process->lock_kind ? process->lock_kind : LOCK_KIND_MUTEX,
        .address = process->addresses[lock] ? process->addresses[lock] : (uintptr_t)segment() + lock * 64,
        .initialised = process->initialises ? SCENE_FIRST : 0,
        .first = SCENE_AUDIT,
        .shared = 1,
        .value = process->value,
        .device = place.device,
        .inode = place.inode,
        .offset = place.offset,
    };
    builder_record(builder, RECORDING_LOCK, &record, sizeof record);
}

static void fill_slot(struct recording_slot *slot, const struct process *process, uint32_t id) {
    const struct thread *thread = &process->threads[id - 1];
    uint64_t since = 1000000000u * (uint64_t)(10 + thread->since_s);
    slot->state = thread->state ? thread->state : RECORDING_SLOT_RUNNING;
    slot->thread = id;
    slot->wait_kind = thread->kind ? thread->kind : thread->wants ? WAIT_LOCK : WAIT_NONE;
    slot->wait_target = slot->wait_kind == WAIT_JOIN ? thread->wants : id_of(process, thread->wants);
    slot->wait_mode = thread->mode;
    slot->wait_lock = id_of(process, thread->mutex);
    slot->wait_timed = thread->timed;
    slot->wait_stack = SCENE_SECOND;
    slot->wait_ticket = thread->ticket + id;
    slot->wait_since_ns = since;
    for (uint32_t i = 0; i < 3 && thread->holds[i]; i++)
        slot->held[slot->held_count++] = (struct recording_held){.lock = id_of(process, thread->holds[i]),
                                                                 .mode = thread->held_mode,
                                                                 .stack = SCENE_FIRST,
                                                                 .depth = 1};
}

/* Write its recording; returns the path. */
static const char *save(const struct process *process) {
    static uint32_t nobody = 0x7fff0000;
    char name[64];
    struct recording_builder builder;
    scene_start(&builder);
    builder_header(&builder)->pid = process->there ? (uint32_t)getpid()
                                    : process->pid ? process->pid
                                                   : nobody++;
    for (uint32_t lock = A; lock < LOCKS; lock++)
        add_shared_lock(&builder, process, lock);
    builder_lock(&builder, INNER, LOCK_KIND_MUTEX, 0x1000, 0, SCENE_AUDIT);
    builder_thread(&builder, 3, SCENE_MAIN, 0, "clerk");
    struct recording_slot *slots = builder_slots(&builder);
    for (uint32_t id = 1; id <= 3; id++)
        fill_slot(&slots[id - 1], process, id);
    snprintf(name, sizeof name, "crossing_test_%s", process->name);
    const char *path = builder_save(&builder, name);
    builder_free(&builder);
    return path;
}

/* ---- runs ---- */

struct run {
    struct report *report;
    const char *paths[4];
    void *maps[4];
    size_t count;
};

static void add(struct run *run, const struct process *process) {
    char error[256];
    const char *path = run->paths[run->count] = save(process);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    run->maps[run->count] =
        process->there ? mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    CHECK(!process->there || run->maps[run->count] != MAP_FAILED);
    close(fd);
    run->count++;
    CHECK_EQ(report_update(run->report, path, error, sizeof error), 0);
}

static struct run begin(const struct process *processes, size_t count) {
    struct run run = {.report = report_create()};
    for (size_t i = 0; i < count; i++)
        add(&run, &processes[i]);
    return run;
}

static void end(struct run *run) {
    for (size_t i = 0; i < run->count; i++)
        if (run->maps[i] != MAP_FAILED)
            munmap(run->maps[i], 4096);
    report_free(run->report);
}

/* Look until nothing is to be confirmed any more. Returns the number of findings. */
static size_t look(struct run *run) {
    for (int looks = 0; looks < 2 && report_cross(run->report); looks++)
        nanosleep(&(struct timespec){.tv_nsec = REPORT_CONFIRM_MS * 1000000L}, NULL);
    return report_findings(run->report);
}

/* Look at these processes alone. Returns the number of findings, or -1 - shape when there is one. */
static int verdict(const struct process *processes, size_t count) {
    struct run run = begin(processes, count);
    size_t findings = look(&run);
    int result = findings == 1 ? -1 - (int)report_finding(run.report, 0)->shape : (int)findings;
    end(&run);
    return result;
}

#define CYCLE (-1 - FINDING_SHAPE_CYCLE)
#define ORPHANED (-1 - FINDING_SHAPE_ORPHANED)
#define JOIN (-1 - FINDING_SHAPE_JOIN)
#define MIXED (-1 - FINDING_SHAPE_MIXED)
#define SILENT 0

/* The usual two. */
static void two(struct process *processes) {
    processes[0] = (struct process){.name = "a", .threads = {{.holds = {A}, .wants = B}}};
    processes[1] = (struct process){.name = "b", .threads = {{.holds = {B}, .wants = A}}};
}

/* ---- rings ---- */

TEST(a_ring_over_two_processes) {
    struct process processes[2];
    two(processes);
    processes[0].pid = 5001;
    processes[1].pid = 5002;
    processes[1].initialises = true;
    processes[1].threads[0].since_s = 2;
    struct run run = begin(processes, 2);
    CHECK(!report_cross(run.report));
    CHECK_EQ(report_findings(run.report), 1);
    const struct report_finding *finding = report_finding(run.report, 0);
    CHECK_EQ(finding->kind, FINDING_DEADLOCK_ACTUAL);
    CHECK_EQ(finding->shape, FINDING_SHAPE_CYCLE);
    CHECK_EQ(finding->severity, FINDING_ERROR);
    CHECK_EQ(finding->count, 1);
    CHECK_EQ(finding->pid, 5001);
    CHECK_EQ(finding->process->pid, 5001);
    CHECK_EQ(finding->time_ns, 7000000000u); /* the later wait, since the start at 5 s */
    CHECK_EQ(finding->steps_count, 2);
    CHECK_EQ(finding->threads_count, 2);
    CHECK_EQ(finding->locks_count, 2);
    const struct report_step *one = &finding->steps[0], *other = &finding->steps[1];
    CHECK_STR(one->thread->id, "T1@5001");
    CHECK_STR(one->thread->name, "main (pid 5001)");
    CHECK_STR(other->thread->id, "T1@5002");
    CHECK_STR(other->thread->name, "main (pid 5002)");
    /* A lock is one object, described by the process that initialised it. */
    CHECK(one->wants.lock == other->holds[0].lock && other->wants.lock == one->holds[0].lock);
    CHECK(one->wants.lock != other->wants.lock);
    CHECK_STR(one->wants.lock->id, "L22@5002");
    CHECK_STR(other->wants.lock->id, "L21@5002");
    CHECK(one->wants.lock->initialised.count > 0);
    for (size_t i = 0; i < 2; i++) {
        CHECK_EQ(finding->steps[i].holds_count, 1);
        CHECK_EQ(finding->steps[i].holds[0].stack.count, 3);
        CHECK_EQ(finding->steps[i].wants.stack.count, 3);
        CHECK_STR(finding->steps[i].wants.stack.frames[0].function, "take");
    }
    CHECK(strstr(finding->message, "main (pid 5001) holds") != NULL);
    CHECK(strstr(finding->message, "main (pid 5002) holds") != NULL);
    /* Nothing new. */
    CHECK(!report_cross(run.report));
    CHECK_EQ(report_findings(run.report), 1);
    CHECK_EQ(report_finding(run.report, 0)->count, 1);
    CHECK_EQ(report_finding_revision(run.report, 0), 0);
    end(&run);
}

TEST(a_ring_over_three_processes) {
    struct process processes[3];
    two(processes);
    processes[1].threads[0].wants = C;
    processes[2] = (struct process){.name = "c", .threads = {{.holds = {C}, .wants = A}}};
    CHECK_EQ(verdict(processes, 2), SILENT);
    struct run run = begin(processes, 3);
    CHECK_EQ(look(&run), 1);
    CHECK_EQ(report_finding(run.report, 0)->steps_count, 3);
    end(&run);
}

TEST(the_same_ring_of_processes_that_are_there) {
    struct process processes[2];
    two(processes);
    processes[0].there = processes[1].there = true;
    CHECK_EQ(verdict(processes, 2), CYCLE);
}

TEST(a_ring_in_one_process_is_its_librarys) {
    struct process processes[2] = {
        {.name = "a", .threads = {{.holds = {A}, .wants = B}, {.holds = {B}, .wants = A}}},
        {.name = "b", .threads = {{.wants = A}}}};
    CHECK_EQ(verdict(processes, 2), SILENT);
    processes[1].threads[0] = (struct thread){.holds = {C}, .wants = C};
    CHECK_EQ(verdict(processes, 2), SILENT);
}

TEST(a_ring_through_the_threads_of_a_process) {
    struct process processes[2];
    two(processes);
    processes[0].threads[0].wants = INNER;
    processes[0].threads[1] = (struct thread){.holds = {INNER}, .wants = B};
    CHECK_EQ(verdict(processes, 2), CYCLE);
    processes[0].threads[0] = (struct thread){.holds = {A}, .kind = WAIT_JOIN, .wants = 2};
    struct run run = begin(processes, 2);
    CHECK_EQ(look(&run), 1);
    const struct report_finding *finding = report_finding(run.report, 0);
    CHECK_EQ(finding->shape, FINDING_SHAPE_JOIN);
    CHECK_EQ(finding->steps_count, 3);
    CHECK_EQ(finding->steps[0].wants.lock->kind, LOCK_KIND_THREAD);
    CHECK(strstr(finding->steps[0].wants.lock->name, "teller (pid ") != NULL);
    CHECK(strncmp(finding->steps[1].thread->name, "teller (pid ", 12) == 0);
    end(&run);
    /* Another thread of that number, in another process, is not the one that is joined. */
    processes[0].threads[1] = (struct thread){0};
    processes[1].threads[1] = (struct thread){.holds = {INNER}, .wants = B};
    CHECK_EQ(verdict(processes, 2), SILENT);
}

TEST(a_lock_of_one_process_is_not_anothers) {
    struct process processes[2];
    two(processes);
    processes[0].threads[0].holds[0] = processes[1].threads[0].wants = INNER;
    CHECK_EQ(verdict(processes, 2), SILENT);
    two(processes);
    for (int i = 0; i < 3; i++) {
        struct processes_place place = usual_place(A);
        place.device += i == 0;
        place.inode += i == 1;
        place.offset += i == 2;
        processes[1].places[A] = place;
        CHECK_EQ(verdict(processes, 2), SILENT);
    }
}

TEST(a_wait_with_a_limit_ends_by_itself) {
    struct process processes[2];
    two(processes);
    processes[1].threads[0].timed = true;
    CHECK_EQ(verdict(processes, 2), SILENT);
}

TEST(who_runs_is_not_stuck) {
    struct process processes[2];
    two(processes);
    processes[1].threads[0].wants = 0;
    CHECK_EQ(verdict(processes, 2), SILENT);
    two(processes);
    processes[1].threads[0].kind = WAIT_BARRIER;
    CHECK_EQ(verdict(processes, 2), SILENT);
    two(processes);
    processes[0].threads[0].state = 77; /* no thread */
    CHECK_EQ(verdict(processes, 2), SILENT);
}

TEST(readers_do_not_exclude_each_other) {
    struct process processes[2];
    two(processes);
    processes[0].lock_kind = processes[1].lock_kind = LOCK_KIND_RWLOCK;
    processes[0].threads[0].held_mode = processes[1].threads[0].mode = LOCK_SHARED;
    CHECK_EQ(verdict(processes, 2), SILENT);
    processes[1].threads[0].mode = LOCK_EXCLUSIVE;
    CHECK_EQ(verdict(processes, 2), CYCLE);
}

TEST(a_semaphore_is_a_lock_if_its_first_value_is_one) {
    struct process processes[2];
    two(processes);
    for (int i = 0; i < 2; i++) {
        processes[i].lock_kind = LOCK_KIND_SEMAPHORE;
        processes[i].threads[0].kind = WAIT_OUTSIDE;
    }
    CHECK_EQ(verdict(processes, 2), SILENT);
    processes[1].value = 2;
    CHECK_EQ(verdict(processes, 2), SILENT);
    processes[1].value = 1; /* the other process has only attached it */
    CHECK_EQ(verdict(processes, 2), MIXED);
    processes[0].value = 2;
    CHECK_EQ(verdict(processes, 2), SILENT);
}

TEST(a_condition_needs_its_mutex_in_any_case) {
    struct process processes[2];
    two(processes);
    processes[0].threads[0] =
        (struct thread){.holds = {A}, .kind = WAIT_CONDITION, .wants = C, .mutex = B, .timed = true};
    CHECK_EQ(verdict(processes, 2), CYCLE);
    processes[1].threads[0].holds[0] = C; /* not the mutex, but its condition */
    CHECK_EQ(verdict(processes, 2), SILENT);
}

TEST(the_same_bug_again_is_counted) {
    struct process processes[4];
    two(processes);
    two(processes + 2);
    processes[2].name = "c";
    processes[3].name = "d";
    for (uint32_t lock = A; lock < LOCKS; lock++)
        processes[2].places[lock] = processes[3].places[lock] = usual_place(lock + 10);
    struct run run = begin(processes, 4);
    CHECK_EQ(look(&run), 1);
    CHECK_EQ(report_finding(run.report, 0)->count, 2);
    end(&run);
}

/* ---- owners that are gone ---- */

/* The owner is gone, and another process waits. */
static void owner_and_waiter(struct process *processes) {
    processes[0] = (struct process){.name = "a", .pid = 0x7ffffffe, .threads = {{.holds = {A, B}}}};
    processes[1] = (struct process){.name = "b", .there = true, .threads = {{.holds = {C}, .wants = A}}};
}

TEST(a_dead_owner_is_told_when_it_is_confirmed) {
    struct process processes[2];
    owner_and_waiter(processes);
    struct run run = begin(processes, 2);
    CHECK(report_cross(run.report));
    CHECK(report_cross(run.report)); /* too early */
    CHECK_EQ(report_findings(run.report), 0);
    nanosleep(&(struct timespec){.tv_nsec = REPORT_CONFIRM_MS * 1000000L}, NULL);
    CHECK(!report_cross(run.report));
    CHECK_EQ(report_findings(run.report), 1);
    const struct report_finding *finding = report_finding(run.report, 0);
    CHECK_EQ(finding->kind, FINDING_DEADLOCK_ACTUAL);
    CHECK_EQ(finding->shape, FINDING_SHAPE_ORPHANED);
    CHECK_EQ(finding->pid, getpid());
    CHECK_EQ(finding->steps_count, 2);
    CHECK_STR(finding->steps[1].thread->name, "main (pid 2147483646)");
    CHECK(finding->steps[1].wants.lock == NULL);
    CHECK_EQ(finding->steps[1].holds_count, 1); /* the one that it left behind */
    CHECK(finding->steps[1].holds[0].lock == finding->steps[0].wants.lock);
    CHECK_EQ(finding->steps[1].holds[0].stack.count, 3);
    CHECK(strstr(finding->message, "main (pid 2147483646) has ended and still holds") != NULL);
    CHECK(!report_cross(run.report));
    CHECK_EQ(report_findings(run.report), 1);
    end(&run);
}

TEST(a_dead_owner_that_is_not_waited_for_any_more) {
    struct process processes[2];
    owner_and_waiter(processes);
    struct run run = begin(processes, 2);
    CHECK(report_cross(run.report));
    processes[1].threads[0].ticket = 5; /* another wait */
    save(&processes[1]);
    nanosleep(&(struct timespec){.tv_nsec = REPORT_CONFIRM_MS * 1000000L}, NULL);
    CHECK(report_cross(run.report)); /* it is to be confirmed anew */
    CHECK_EQ(report_findings(run.report), 0);
    end(&run);
}

TEST(who_is_gone_together_with_the_owner_does_not_wait) {
    struct process processes[2];
    owner_and_waiter(processes);
    processes[1].there = false;
    CHECK_EQ(verdict(processes, 2), SILENT);
    processes[0].there = true;
    CHECK_EQ(verdict(processes, 2), SILENT);
}

TEST(a_robust_mutex_is_never_left_behind) {
    struct process processes[2];
    owner_and_waiter(processes);
    processes[0].value = ROBUST;
    CHECK_EQ(verdict(processes, 2), SILENT);
}

TEST(a_living_holder_is_believed_rather_than_a_dead_one) {
    struct process processes[3];
    owner_and_waiter(processes);
    processes[2] = (struct process){.name = "c", .there = true, .threads = {{.holds = {A}}}};
    CHECK_EQ(verdict(processes, 3), SILENT);
    processes[2].threads[0].wants = C;
    CHECK_EQ(verdict(processes, 3), CYCLE);
    processes[0].there = true; /* two that cannot both be true */
    CHECK_EQ(verdict(processes, 3), SILENT);
}

TEST(of_holders_that_are_all_gone_the_last_one_is_believed) {
    struct process processes[3];
    two(processes);
    processes[1].threads[0].since_s = 3;
    processes[2] = (struct process){.name = "c", .threads = {{.holds = {B}}}};
    CHECK_EQ(verdict(processes, 3), CYCLE);
    processes[2].threads[0] = (struct thread){.holds = {B}, .wants = C, .since_s = 1};
    CHECK_EQ(verdict(processes, 3), CYCLE);
    processes[2].threads[0].since_s = 4;
    CHECK_EQ(verdict(processes, 3), SILENT);
    processes[2].threads[0].since_s = 3; /* nobody knows */
    CHECK_EQ(verdict(processes, 3), SILENT);
}

/* ---- what changes meanwhile ---- */

/* The test is linked so that this is called instead (--wrap). */
bool __real_recording_reader_slot(struct recording_reader *reader, size_t index, struct recording_slot *slot);
bool __wrap_recording_reader_slot(struct recording_reader *reader, size_t index, struct recording_slot *slot);

static struct {
    bool on;
    const char *path; /* of the process whose first thread is looked at */
    uint32_t pid;
    size_t reads; /* of its slot so far */
    size_t change_before;
    const struct process *changed; /* how it is from then on */
} watch;

bool __wrap_recording_reader_slot(struct recording_reader *reader, size_t index,
                                  struct recording_slot *slot) {
    if (watch.on && index == 0 && recording_reader_header(reader)->pid == watch.pid) {
        if (watch.reads == watch.change_before) {
            watch.on = false;
            save(watch.changed);
            watch.on = true;
        }
        watch.reads++;
    }
    return __real_recording_reader_slot(reader, index, slot);
}

/* The verdict when process b turns into `changed` right before its slot is read for the `n`th time. */
static int verdict_when_changed(size_t n, const struct process *changed, size_t *reads) {
    struct process processes[2];
    two(processes);
    processes[1].pid = 5002;
    struct run run = begin(processes, 2);
    watch.pid = 5002;
    watch.reads = 0;
    watch.change_before = n;
    watch.changed = changed;
    watch.on = true;
    report_cross(run.report);
    watch.on = false;
    *reads = watch.reads;
    size_t findings = report_findings(run.report);
    end(&run);
    return findings ? CYCLE : SILENT;
}

TEST(every_wait_is_the_same_in_two_readings) {
    struct process changed[2];
    size_t reads, all, last_silent = 0, silent = 0;
    two(changed);
    changed[1].pid = 5002;
    changed[1].threads[0].ticket = 1; /* it has gone on, and waits again */
    CHECK_EQ(verdict_when_changed(SIZE_MAX, &changed[1], &all), CYCLE);
    for (size_t n = 0; n < all; n++)
        if (verdict_when_changed(n, &changed[1], &reads) == SILENT) {
            silent++;
            last_silent = n;
        }
    /* The change falls between the two readings once: before the second one, which is the last. */
    CHECK_EQ(silent, 1);
    CHECK_EQ(last_silent, all - 1);
    /* Without a wait there is no ring, whenever it ends. */
    changed[1].threads[0].wants = 0;
    for (size_t n = 0; n < all; n++)
        CHECK_EQ(verdict_when_changed(n, &changed[1], &reads), SILENT);
}

TEST(a_lock_is_still_where_it_was_when_it_was_recorded) {
    struct process processes[2];
    two(processes);
    processes[0].there = processes[1].there = true;
    CHECK_EQ(usual_place(A).offset, 4096 + 64);
    CHECK_EQ(verdict(processes, 2), CYCLE);
    for (int i = 0; i < 2; i++) {
        two(processes);
        processes[i].there = processes[1 - i].there = true;
        processes[i].places[A] = usual_place(A);
        processes[i].addresses[A] = (uintptr_t)segment() + 9 * 64; /* another place in the file */
        CHECK_EQ(verdict(processes, 2), SILENT);
        processes[i].addresses[A] = (uintptr_t)&processes; /* in no file */
        CHECK_EQ(verdict(processes, 2), SILENT);
        processes[i].there = processes[1 - i].there = false; /* it cannot be told any more */
        CHECK_EQ(verdict(processes, 2), CYCLE);
    }
}

/* ---- forged recordings ---- */

/* Marsaglia's xorshift64: a failure repeats. */
static uint64_t random_number(uint64_t below) {
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

/* Put a value that likes to break things into the file, behind its header. */
static void forge(const char *path) {
    static const uint64_t values[] = {0, 1, 2, 7, 17, 63, 4096, 0x7fffffff, 0xffffffff, UINT64_MAX};
    int fd = open(path, O_RDWR | O_CLOEXEC);
    off_t size = lseek(fd, 0, SEEK_END), slots = size - 4096;
    for (uint64_t changes = 1 + random_number(4); changes > 0; changes--) {
        uint64_t value = values[random_number(sizeof values / sizeof *values)];
        off_t at = random_number(4) ? slots + (off_t)(random_number(3) * 1024 + random_number(100) * 4 + 64)
                                    : 4096 + (off_t)random_number((uint64_t)size - 8192);
        size_t width = random_number(2) ? 4 : 8;
        CHECK_EQ(pwrite(fd, &value, width, at), width);
    }
    close(fd);
}

TEST(forged_recordings_do_no_harm) {
    struct process processes[2];
    size_t found = 0;
    two(processes);
    processes[0].there = processes[1].there = true;
    for (int i = 0; i < 300; i++) {
        struct run run = begin(processes, 2);
        forge(run.paths[random_number(2)]);
        report_cross(run.report);
        found += report_findings(run.report);
        end(&run);
    }
    CHECK(found > 0 && found < 300); /* it goes through everything, and it matters */
}

/* ---- signs ---- */

TEST(signs_of_waits_and_of_locks_held) {
    struct process process = {.name = "a", .threads = {{.holds = {A}}}};
    CHECK_EQ(crossing_signs(save(&process), UINT64_MAX), CROSSING_HOLDS);
    process.threads[1] = (struct thread){.wants = B, .since_s = 5};
    CHECK_EQ(crossing_signs(save(&process), UINT64_MAX), CROSSING_HOLDS | CROSSING_WAITS);
    CHECK_EQ(crossing_signs(save(&process), 14000000000u), CROSSING_HOLDS);
    process.threads[1].timed = true;
    process.threads[0] = (struct thread){0};
    CHECK_EQ(crossing_signs(save(&process), UINT64_MAX), 0);
    process.threads[1] = (struct thread){.kind = WAIT_CONDITION, .wants = B};
    CHECK_EQ(crossing_signs(save(&process), UINT64_MAX), 0);
    CHECK_EQ(crossing_signs("/nonexistent", UINT64_MAX), 0);
}

CHECK_MAIN
