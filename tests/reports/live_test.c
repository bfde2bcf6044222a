#include "reports/live.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "detector/wait_graph.h"
#include "tests/check.h"
#include "tests/reports/scene.h"

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Main holds a lock with its stack and one with its site alone and waits for a third since two seconds; the
 * teller, which is ending, joins main with a time limit. */
static const char *save_scene(uint32_t pid) {
    struct recording_builder builder;
    scene_start(&builder);
    builder_header(&builder)->pid = pid;
    struct recording_slot *slots = builder_slots(&builder);
    slots[0] = (struct recording_slot){
        .state = RECORDING_SLOT_RUNNING,
        .thread = SCENE_MAIN,
        .wait_kind = WAIT_LOCK,
        .wait_target = SCENE_BANK,
        .wait_stack = SCENE_SECOND,
        .wait_since_ns = now_ns() - 2000000000u,
        .held_count = 3,
        .held = {{.lock = SCENE_ACCOUNT, .depth = 2 | RECORDING_HELD_SAMPLED, .stack = SCENE_FIRST},
                 {.lock = SCENE_TABLE, .depth = 1, .site = fixture_audit().addresses[0]},
                 {.lock = 0, .depth = 1, .address = 0x7f1234}},
    };
    slots[2] = (struct recording_slot){
        .state = RECORDING_SLOT_ENDING,
        .thread = SCENE_TELLER,
        .wait_kind = WAIT_JOIN,
        .wait_target = SCENE_MAIN,
        .wait_timed = 1,
    };
    const char *path = builder_save(&builder, "live_test");
    builder_free(&builder);
    return path;
}

static void check_threads(const struct live *live) {
    CHECK_EQ(live->count, 2);
    const struct live_thread *one = &live->threads[0], *other = &live->threads[1];
    CHECK_STR(one->thread->name, "main");
    CHECK(!one->ending && !one->uncertain && !one->timed);
    CHECK_EQ(one->holds_count, 3);
    CHECK_STR(one->holds[0].lock->name, "account_lock");
    CHECK_EQ(one->holds[0].depth, 2);
    CHECK(!one->holds[0].site && one->holds[0].stack.count == 3);
    CHECK_STR(one->holds[1].lock->name, "table+0x40");
    CHECK(one->holds[1].site && one->holds[1].stack.count == 1);
    CHECK_STR(one->holds[1].stack.frames[0].function, "Bank::audit()");
    CHECK(one->holds[2].lock == NULL && one->holds[2].address == 0x7f1234);
    CHECK_EQ(one->wait, LIVE_WAITS_LOCK);
    CHECK_STR(one->wanted->name, "Bank::lock");
    CHECK_EQ(one->wait_stack.count, 3);
    CHECK_STR(other->thread->name, "teller");
    CHECK(other->ending && other->timed);
    CHECK_EQ(other->wait, LIVE_WAITS_JOIN);
    CHECK_STR(other->awaited->name, "main");
    CHECK_EQ(other->holds_count, 0);
}

TEST(the_last_state_of_a_process_that_is_gone) {
    struct live *live = NULL;
    char error[256];
    CHECK_EQ(live_read(save_scene(0x7ffffffe), &live, error, sizeof error), 0);
    CHECK(!live->running);
    CHECK_EQ(live->pid, 0x7ffffffe);
    CHECK_STR(live->exe, "/opt/bank/bank");
    CHECK_EQ(live->threads[0].waited_ns, 0);
    check_threads(live);
    live_free(live);
}

TEST(a_running_process_is_found_by_its_mapping) {
    const char *path = save_scene((uint32_t)getpid());
    struct live *live = NULL;
    char error[256];
    int fd = open(path, O_RDWR);
    CHECK_EQ(live_read(path, &live, error, sizeof error), 0);
    CHECK(!live->running); /* a process of that number, which has not mapped it */
    live_free(live);
    CHECK_EQ(live_read_process((uint32_t)getpid(), &live, error, sizeof error), -ESRCH);
    CHECK_STR(error, "gordian is not at work in it");

    void *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(mapped != MAP_FAILED);
    CHECK_EQ(live_read(path, &live, error, sizeof error), 0);
    CHECK(live->running);
    CHECK(live->threads[0].waited_ns >= 2000000000u && live->threads[0].waited_ns < 100000000000u);
    check_threads(live);
    live_free(live);
    CHECK_EQ(live_read_process((uint32_t)getpid(), &live, error, sizeof error), 0);
    CHECK(live->running);
    CHECK_EQ(live->pid, getpid());
    check_threads(live);
    live_free(live);
    munmap(mapped, 4096);
    close(fd);
}

TEST(every_kind_of_wait_has_its_words) {
    static const struct {
        uint32_t wait, target, lock, mode;
        const char *text;
    } waits[] = {
        {WAIT_NONE, SCENE_BANK, 0, 0, NULL},
        {WAIT_LOCK, SCENE_BANK, 0, 0, "for Bank::lock"},
        {WAIT_LOCK, 0, 0, 0, "for a lock"},
        {WAIT_LOCK, 20, 0, LOCK_SHARED, "to read-lock Bank::lock"},
        {WAIT_LOCK, 20, 0, LOCK_EXCLUSIVE, "to write-lock Bank::lock"},
        {WAIT_LOCK, 24, 0, 0, "for the init routine of Bank::lock"},
        {WAIT_LOCK, 25, 0, 0, "for spin lock Bank::lock"},
        {WAIT_JOIN, SCENE_TELLER, 0, 0, "for the end of teller (T2)"},
        {WAIT_CONDITION, 21, SCENE_ACCOUNT, 0, "for condition Bank::lock, then for mutex account_lock"},
        {WAIT_CONDITION, 21, 0, 0, "for condition Bank::lock"},
        {WAIT_CONDITION, 0, SCENE_HEAP, 0,
         "for a condition, then for mutex initialised at fixture.c:36 in Bank::audit"},
        {WAIT_SEMAPHORE, 22, 0, 0, "for semaphore Bank::lock"},
        {WAIT_SEMAPHORE, 0, 0, 0, "for a semaphore"},
        {WAIT_BARRIER, 23, 0, 0, "at barrier Bank::lock"},
        {WAIT_BARRIER, 0, 0, 0, "at a barrier"},
        {WAIT_OUTSIDE, 26, 0, LOCK_EXCLUSIVE, "for file of inode 12"},
        {WAIT_OUTSIDE, 26, 0, LOCK_SHARED, "for file of inode 12 (shared)"},
        {WAIT_OUTSIDE, 0, 0, 0, "for another process"},
        {WAIT_KINDS, SCENE_BANK, 0, 0, NULL},
        {UINT32_MAX, SCENE_BANK, 0, 0, NULL},
    };
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        struct recording_builder builder;
        struct live *live = NULL;
        struct memory_pool pool = {0};
        char error[256];
        scene_start(&builder);
        builder_lock(&builder, 20, LOCK_KIND_RWLOCK, (uintptr_t)&bank_lock, 0, 0);
        builder_lock(&builder, 21, LOCK_KIND_CONDITION, (uintptr_t)&bank_lock, 0, 0);
        builder_lock(&builder, 22, LOCK_KIND_SEMAPHORE, (uintptr_t)&bank_lock, 0, 0);
        builder_lock(&builder, 23, LOCK_KIND_BARRIER, (uintptr_t)&bank_lock, 0, 0);
        builder_lock(&builder, 24, LOCK_KIND_ONCE, (uintptr_t)&bank_lock, 0, 0);
        builder_lock(&builder, 25, LOCK_KIND_SPIN, (uintptr_t)&bank_lock, 0, 0);
        struct recording_lock file = {.lock = 26, .kind = LOCK_KIND_FILE, .device = 1, .inode = 12};
        builder_record(&builder, RECORDING_LOCK, &file, sizeof file);
        builder_slots(&builder)[0] = (struct recording_slot){
            .state = RECORDING_SLOT_RUNNING,
            .thread = SCENE_MAIN,
            .wait_kind = waits[i].wait,
            .wait_target = waits[i].target,
            .wait_mode = waits[i].mode,
            .wait_lock = waits[i].lock,
        };
        CHECK_EQ(live_read(builder_save(&builder, "live_test"), &live, error, sizeof error), 0);
        CHECK_EQ(live->count, 1);
        const char *text = live_wait_text(&pool, &live->threads[0]);
        if (waits[i].text)
            CHECK_STR(text, waits[i].text);
        else
            CHECK(text == NULL && live->threads[0].wait == LIVE_RUNS);
        memory_pool_free(&pool);
        live_free(live);
        builder_free(&builder);
    }
}

TEST(no_process_and_no_recording) {
    struct live *live;
    char error[256];
    CHECK_EQ(live_read_process(0x7ffffffe, &live, error, sizeof error), -ENOENT);
    CHECK_STR(error, "there is no such process");
    CHECK_EQ(live_read("/proc/self/exe", &live, error, sizeof error), -EINVAL);
    CHECK_STR(error, "not a recording of gordian");
}

TEST(a_slot_that_cannot_be_true_is_said_to_be_uncertain) {
    struct recording_builder builder;
    struct live *live = NULL;
    char error[256];
    scene_start(&builder);
    struct recording_slot *slots = builder_slots(&builder);
    slots[0].state = RECORDING_SLOT_RUNNING;
    slots[0].thread = 1;
    slots[0].held_count = 0xffffffff;
    slots[0].held_offset = 4096;
    slots[0].held_capacity = 0xffffffff;
    slots[1].state = 77; /* no state */
    CHECK_EQ(live_read(builder_save(&builder, "live_test"), &live, error, sizeof error), 0);
    CHECK_EQ(live->count, 1);
    CHECK(live->threads[0].uncertain);
    CHECK_EQ(live->threads[0].holds_count, 0);
    live_free(live);
    builder_free(&builder);
}

CHECK_MAIN
