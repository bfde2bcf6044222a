/* Forged recordings: a valid one with bytes changed or cut off, thousands of times, through everything that
 * reads it. The test is worth most under the address and undefined-behaviour sanitizers
 * (mutation_sanitized_test). The changes come from a fixed sequence: a failure repeats. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reports/live.h"
#include "reports/report_dot.h"
#include "reports/report_github.h"
#include "reports/report_gitlab.h"
#include "reports/report_html.h"
#include "reports/report_json.h"
#include "reports/report_jsonl.h"
#include "reports/report_junit.h"
#include "reports/report_sarif.h"
#include "reports/report_text.h"
#include "tests/check.h"
#include "tests/reports/scene.h"

static uint64_t state = 88172645463325252u;

/* Marsaglia's xorshift64. */
static uint64_t random_number(uint64_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

/* A recording that has everything in it. Its modules do not exist, so that no time goes into their symbols.
 */
static void build(struct recording_builder *builder) {
    static const struct builder_python python[] = {
        {"take", "/srv/bank.py", 12}, {"", "", 0}, {"<module>", "/srv/main.py", 40}};
    uint64_t addresses[12];
    builder_start(builder);
    for (uint32_t i = 0; i < 12; i++)
        addresses[i] = 0x400000 + i * 0x123;
    builder_module(builder, 1, "/nonexistent/bank", 0x400000, 0x401000, 0x400000,
                   (const uint8_t *)"0123456789", 10);
    builder_module(builder, 2, "/nonexistent/lib", 0x401000, 0x402000, 0x401000, NULL, 0);
    builder_module_end(builder, 2);
    builder_python(builder, 1, python, 3);
    for (uint32_t i = 1; i <= 5; i++)
        builder_stack_python(builder, i, addresses + i, 12 - 2 * i, i % 3);
    builder_futex_user(builder, 0x400010);
    builder_futex_user(builder, 0x500010);
    builder_thread(builder, 1, 0, 0, "bank");
    builder_thread(builder, 2, 1, 3, "teller");
    builder_thread_end(builder, 2);
    for (uint32_t i = 1; i <= 5; i++)
        builder_lock(builder, i, 1 + i % 5, i == 1 ? 2 : 0x7f0000000000 + i * 64, i, i);
    for (uint32_t kind = LOCK_KIND_CONDITION; kind < LOCK_KINDS; kind++)
        builder_lock(builder, kind, kind, 0x7f0000000000 + kind * 64, kind % 5, kind % 4);
    builder_lock_name(builder, 1, "accounts");
    builder_lock_name(builder, 2, "");
    builder_lock_name(builder, 4711, "nobody's");
    for (uint32_t i = 0; i < 12; i++)
        builder_dependency(builder, 1 + i % 3, (struct lock_hold){1 + i % 7, i % 2, 1 + i % 5},
                           (struct lock_hold[]){{1 + (i + 3) % 5, 0, i % 6}, {1 + i % 4, i % 2, 2}}, 2);
    struct recording_slot *slots = builder_slots(builder);
    slots[0].state = slots[1].state = RECORDING_SLOT_RUNNING;
    slots[0].thread = 1;
    slots[0].held_count = 2;
    slots[0].held[0] = (struct recording_held){.lock = 1, .depth = 1, .stack = 1};
    slots[0].held[1] = (struct recording_held){.lock = 2, .depth = 1, .site = 0x400010};
    slots[0].wait_kind = 1;
    slots[0].wait_target = 3;
    slots[1].thread = 2;
    slots[1].wait_kind = 3;
    slots[1].wait_target = LOCK_KIND_CONDITION;
    slots[1].wait_lock = 2;
    builder_chunk(builder, 2);
    builder_finding(builder, FINDING_MISUSE_EXIT_HOLDING, FINDING_SHAPE_NONE,
                    (struct builder_step[]){{.thread = 2, .holds = {{2, 0, 1}, {3, 0, 2}}, .holds_count = 2}},
                    1);
    builder_finding(builder, FINDING_DEADLOCK_ACTUAL, FINDING_SHAPE_ORPHANED,
                    (struct builder_step[]){{.thread = 1, .wants = {3, 0, 1}},
                                            {.thread = 2, .holds = {{3, 0, 2}}, .holds_count = 1}},
                    2);
    for (uint32_t i = 1; i <= 3; i++)
        builder_profile(builder, (struct recording_profile){.lock = i,
                                                            .longest_wait_stack = i,
                                                            .longest_hold_stack = i + 1,
                                                            .acquisitions = 100,
                                                            .contended = i,
                                                            .wait_ns = 1000,
                                                            .top = {{.stack = i, .waits = 1, .wait_ns = 5}}});
    for (uint32_t kind = 1; kind < FINDING_KINDS; kind++) {
        bool misuse = kind >= FINDING_MISUSE_UNLOCK_UNLOCKED && kind <= FINDING_MISUSE_BAD_BARRIER;
        misuse |= kind == FINDING_MISUSE_ASSERTION;
        builder_finding(builder, kind, kind % FINDING_SHAPES,
                        (struct builder_step[]){{1, {{2, 0, 1}, {3, 0, 2}}, 2, {4, 1, 3}},
                                                {2, {{4, 0, 4}}, 1, {misuse ? 0 : 3, 0, 5}}},
                        2);
    }
}

/* Put one value that likes to break things somewhere, preferably where something is. */
static void change(unsigned char *bytes, size_t size) {
    static const uint64_t values[] = {
        0, 1, 7, 8, 63, 4096, 0x7fffffff, 0x80000000, 0xffffffff, UINT64_MAX, 0x4000000000000000};
    static const size_t places[] = {0, 4096, 4096 + 64, 20480, 20480 + 64, 24576, 24576 + 64, 28672};
    size_t at = random_number(2) ? places[random_number(8)] + random_number(400) : random_number(size);
    uint64_t value =
        random_number(3) ? values[random_number(sizeof values / sizeof *values)] : random_number(UINT64_MAX);
    size_t width = (size_t)1 << random_number(4);
    at -= at % width;
    if (at + width <= size)
        memcpy(bytes + at, &value, width);
}

/* One of the formats that are written with the source files' places, or as they come. */
static void write_for_others(const struct report *report, FILE *sink) {
    static int (*const writers[])(const struct report *report, const char *directory, FILE *out) = {
        report_sarif_write, report_junit_write, report_github_write, report_gitlab_write};
    enum { COUNT = sizeof writers / sizeof *writers };
    size_t choice = random_number(COUNT + 1);
    if (choice < COUNT) {
        CHECK_EQ(writers[choice](report, "/checkout", sink), 0);
        return;
    }
    struct report_jsonl *lines = report_jsonl_create();
    CHECK_EQ(report_jsonl_end(lines, report, sink), 0);
    report_jsonl_free(lines);
}

/* A page takes as long as all other formats together, under sanitizers most of all: every fourth is enough.
 */
#define PAGE_EVERY 4
static unsigned pages;

/* Read the file through everything; what it says does not matter. */
static void read_all(int fd, FILE *sink) {
    char path[32], error[256];
    struct live *live;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct report *report = report_create();
    if (report_update(report, path, error, sizeof error) == 0) {
        report_update(report, path, error, sizeof error);
        struct report_style style = {.colour = true, .full = random_number(4) == 0, .width = 80};
        CHECK_EQ(report_text_write(report, &style, sink), 0);
        CHECK_EQ(report_json_write(report, sink), 0);
        if (pages++ % PAGE_EVERY == 0)
            CHECK_EQ(report_html_write(report, sink), 0);
        CHECK_EQ(report_dot_write(report, sink), 0);
        write_for_others(report, sink);
    } else {
        CHECK(*error != 0);
    }
    report_free(report);
    if (live_read(path, &live, error, sizeof error) == 0) {
        struct memory_pool pool = {0};
        for (size_t i = 0; i < live->count; i++)
            live_wait_text(&pool, &live->threads[i]);
        memory_pool_free(&pool);
        live_free(live);
    }
}

static int file_of(const unsigned char *bytes, size_t size) {
    int fd = memfd_create("recording", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    return fd;
}

/* Two thousand times a process of graphviz would take minutes: layout_test.c is about those. Without it the
 * page has everything else. */
__attribute__((constructor)) static void hide_graphviz(void) {
    setenv("PATH", "/nonexistent", 1);
}

TEST(two_thousand_forged_recordings_do_no_harm) {
    struct recording_builder builder;
    build(&builder);
    unsigned char *bytes = malloc(builder.size);
    FILE *sink = fopen("/dev/null", "w");
    for (int i = 0; i < 2000; i++) {
        memcpy(bytes, builder.bytes, builder.size);
        for (uint64_t changes = 1 + random_number(4); changes > 0; changes--)
            change(bytes, builder.size);
        int fd = file_of(bytes, builder.size);
        read_all(fd, sink);
        close(fd);
    }
    fclose(sink);
    free(bytes);
    builder_free(&builder);
}

TEST(a_recording_cut_off_anywhere_does_no_harm) {
    struct recording_builder builder;
    build(&builder);
    FILE *sink = fopen("/dev/null", "w");
    CHECK(sink != NULL);
    for (size_t size = 0; sink && size < builder.size; size += 8 + (size < 4096 ? 500 : random_number(64))) {
        int fd = file_of(builder.bytes, size);
        read_all(fd, sink);
        close(fd);
    }
    if (sink)
        fclose(sink);
    builder_free(&builder);
}

TEST(the_recording_is_what_it_seems_before_it_is_changed) {
    struct recording_builder builder;
    struct live *live = NULL;
    char error[256];
    build(&builder);
    struct report *report = scene_report(&builder, "mutation_test");
    /* The prediction and the deadlock are one, and so are the orphaned lock and what was left locked. */
    CHECK_EQ(report_findings(report), FINDING_KINDS - 2 + 1);
    CHECK_EQ(report_profiles(report), 3);
    CHECK_STR(report_unseen(report)[0], "futex (bank)");
    CHECK(report_finding(report, 0)->steps[0].wants.stack.frames[0].python);
    CHECK(report_damage(report, 0) == NULL);
    CHECK_EQ(live_read(builder_save(&builder, "mutation_test"), &live, error, sizeof error), 0);
    CHECK_EQ(live->count, 2);
    live_free(live);
    report_free(report);
    builder_free(&builder);
}

CHECK_MAIN
