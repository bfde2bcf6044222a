#include "reports/recording_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/reports/recording_builder.h"

#define NAME "recording_reader_test"

static size_t count_records(struct recording_reader *reader, unsigned type) {
    const struct recording_record *record;
    uint64_t offset;
    size_t count = 0;
    while ((record = recording_reader_next(reader, &offset)) != NULL)
        count += record->type == type;
    return count;
}

static struct recording_reader *open_builder(const struct recording_builder *builder) {
    struct recording_reader *reader = NULL;
    char error[256] = "";
    CHECK_EQ(recording_reader_open(builder_save(builder, NAME), &reader, error, sizeof error), 0);
    CHECK_STR(error, "");
    return reader;
}

/* Save what `builder` holds, damaged before, and check how many threads stand before the damage and what is
 * said; NULL: it is not damaged. */
static void check_damaged(struct recording_builder *builder, size_t threads, const char *damage) {
    struct recording_reader *reader = open_builder(builder);
    CHECK_EQ(count_records(reader, RECORDING_THREAD), threads);
    if (damage)
        CHECK_STR(recording_reader_damage(reader), damage);
    else
        CHECK(recording_reader_damage(reader) == NULL);
    recording_reader_close(reader);
    builder_free(builder);
}

/* A recording of one page of log with three threads; `at` gets the offset of the second one's record. */
static void start_three(struct recording_builder *builder, size_t *at) {
    builder_start(builder);
    builder_thread(builder, 1, 0, 0, NULL);
    *at = builder->next;
    builder_thread(builder, 2, 1, 0, NULL);
    builder_thread(builder, 3, 1, 0, NULL);
}

static struct recording_record *record_at(struct recording_builder *builder, size_t at) {
    return (struct recording_record *)(builder->bytes + at);
}

static void check_refused(const void *bytes, size_t size, int status, const char *message) {
    struct recording_builder builder = {.bytes = (void *)bytes, .size = size};
    struct recording_reader *reader;
    char error[256] = "";
    CHECK_EQ(recording_reader_open(builder_save(&builder, NAME), &reader, error, sizeof error), status);
    CHECK_STR(error, message);
}

TEST(what_is_no_recording_is_refused_in_one_line) {
    struct recording_builder builder;
    check_refused("", 0, -EINVAL, "not a recording: the file is empty");
    check_refused("#!/bin/sh\necho hello\n", 21, -EINVAL, "not a recording of gordian");
    check_refused("GORD", 4, -EINVAL, "not a recording of gordian");
    builder_start(&builder);
    check_refused(builder.bytes, 4095, -EINVAL, "the recording is cut off within its header");
    builder_header(&builder)->version = 7;
    check_refused(builder.bytes, builder.size, -EINVAL,
                  "a recording of format version 7; this gordian reads version 3");
    builder_free(&builder);
}

TEST(paths_that_are_no_files_are_refused) {
    struct recording_reader *reader;
    char error[256], fifo[64];
    snprintf(fifo, sizeof fifo, "/tmp/" NAME ".%d.fifo", (int)getpid());
    CHECK_EQ(mkfifo(fifo, 0600), 0);
    CHECK_EQ(recording_reader_open(fifo, &reader, error, sizeof error), -EINVAL);
    CHECK_STR(error, "not a recording: not a regular file");
    unlink(fifo);
    CHECK_EQ(recording_reader_open("/", &reader, error, sizeof error), -EISDIR);
    CHECK_STR(error, "Is a directory");
    CHECK_EQ(recording_reader_open("/nonexistent.rec", &reader, error, sizeof error), -ENOENT);
    CHECK_STR(error, "No such file or directory");
}

TEST(records_go_on_in_the_next_chunk) {
    struct recording_builder builder;
    builder_start(&builder);
    for (uint32_t i = 1; i <= 2000; i++)
        builder_thread(&builder, i, 0, 0, "a name");
    builder_slots(&builder);
    builder_chunk(&builder, 1);
    builder_thread(&builder, 2001, 0, 0, NULL);
    CHECK(builder.size > 20 * 4096);
    struct recording_reader *reader = open_builder(&builder);
    CHECK_EQ(count_records(reader, RECORDING_THREAD), 2001);
    CHECK(recording_reader_damage(reader) == NULL);
    recording_reader_close(reader);
    builder_free(&builder);
}

TEST(a_growing_recording_is_read_as_it_grows) {
    struct recording_builder builder;
    size_t at;
    start_three(&builder, &at);
    record_at(&builder, at)->commit = 0; /* being written, and what follows is not there yet */
    struct recording_reader *reader = open_builder(&builder);
    CHECK_EQ(count_records(reader, RECORDING_THREAD), 1);
    CHECK_EQ(count_records(reader, RECORDING_THREAD), 0);
    CHECK(recording_reader_damage(reader) == NULL);

    record_at(&builder, at)->commit = RECORDING_COMMIT;
    builder_save(&builder, NAME);
    recording_reader_refresh(reader);
    CHECK_EQ(count_records(reader, RECORDING_THREAD), 2);

    builder_chunk(&builder, 2);
    builder_thread(&builder, 4, 1, 0, NULL);
    builder_header(&builder)->state = RECORDING_ENDED;
    builder_save(&builder, NAME);
    CHECK_EQ(count_records(reader, RECORDING_THREAD), 0);
    recording_reader_refresh(reader);
    CHECK_EQ(count_records(reader, RECORDING_THREAD), 1);
    CHECK_EQ(recording_reader_header(reader)->state, RECORDING_ENDED);
    CHECK(recording_reader_damage(reader) == NULL);
    recording_reader_close(reader);
    builder_free(&builder);
}

TEST(a_record_that_was_never_committed_ends_its_chunk_only) {
    struct recording_builder builder;
    size_t at;
    start_three(&builder, &at);
    record_at(&builder, at)->commit = 0;
    builder_chunk(&builder, 1);
    builder_thread(&builder, 4, 1, 0, NULL);
    struct recording_reader *reader = open_builder(&builder);
    CHECK_EQ(count_records(reader, RECORDING_THREAD), 2);
    CHECK(recording_reader_damage(reader) == NULL);
    recording_reader_close(reader);
    builder_free(&builder);
}

TEST(what_stands_before_a_damaged_record_is_used) {
    static const struct {
        uint32_t size;
        uint16_t commit;
    } wrong[] = {{40, 0xdead},
                 {7, RECORDING_COMMIT},
                 {41, RECORDING_COMMIT},
                 {4, RECORDING_COMMIT},
                 {16, RECORDING_COMMIT},
                 {1u << 20, RECORDING_COMMIT},
                 {0xfffffff8, RECORDING_COMMIT}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct recording_builder builder;
        size_t at;
        char damage[128];
        start_three(&builder, &at);
        record_at(&builder, at)->size = wrong[i].size;
        record_at(&builder, at)->commit = wrong[i].commit;
        snprintf(damage, sizeof damage, "damaged at byte %zu: no valid record begins there", at);
        check_damaged(&builder, 1, damage);
    }
}

TEST(counts_inside_a_record_are_checked_against_its_size) {
    struct recording_builder builder;
    char damage[128];
    for (int i = 0; i < 5; i++) {
        size_t at;
        struct recording_finding finding = {
            .kind = 1, .severity = 1, .steps_count = i == 0 ? 1 : 0, .holds_count = 0};
        struct recording_stack stack = {.stack = 1, .count = 0x20000001};
        struct recording_module module = {.module = 1, .path_size = 0x80000000};
        struct recording_run run = {.exe_size = 0xffffffff, .argv_size = 2};
        struct recording_dependency dependency = {.holds_count = 1};
        builder_start(&builder);
        builder_thread(&builder, 1, 0, 0, NULL);
        at = i == 0   ? builder_record(&builder, RECORDING_FINDING, &finding, sizeof finding)
             : i == 1 ? builder_record(&builder, RECORDING_STACK, &stack, sizeof stack)
             : i == 2 ? builder_record(&builder, RECORDING_MODULE, &module, sizeof module)
             : i == 3 ? builder_record(&builder, RECORDING_RUN, &run, sizeof run)
                      : builder_record(&builder, RECORDING_DEPENDENCY, &dependency, sizeof dependency);
        builder_thread(&builder, 2, 0, 0, NULL);
        snprintf(damage, sizeof damage, "damaged at byte %zu: no valid record begins there", at);
        check_damaged(&builder, 1, damage);
    }
}

TEST(a_step_that_points_outside_the_finding_is_damage) {
    struct recording_builder builder;
    char damage[128];
    builder_start(&builder);
    size_t at = builder_finding(&builder, FINDING_DEADLOCK_POTENTIAL, FINDING_SHAPE_CYCLE,
                                (struct builder_step[]){{1, {{1, 0, 0}}, 1, {2, 0, 0}}}, 1);
    ((struct recording_finding *)(builder.bytes + at))->steps[0].holds_first = 0xffffffff;
    snprintf(damage, sizeof damage, "damaged at byte %zu: no valid record begins there", at);
    check_damaged(&builder, 0, damage);
}

TEST(python_functions_stand_within_their_record) {
    static const struct builder_python frames[] = {{"take", "/srv/bank.py", 12}, {"<module>", "", 0}};
    for (int i = 0; i < 6; i++) {
        struct recording_builder builder;
        char damage[128];
        builder_start(&builder);
        builder_thread(&builder, 1, 0, 0, NULL);
        size_t at = builder_python(&builder, 1, frames, 2);
        struct recording_python *python = (void *)(builder.bytes + at);
        builder_thread(&builder, 2, 0, 0, NULL);
        if (i == 1)
            python->count = 3;
        else if (i == 2)
            python->count = 0xffffffff;
        else if (i == 3)
            python->bytes--; /* the last string has no end */
        else if (i == 4)
            python->bytes = 0xffffffff;
        else if (i == 5)
            memset(python->frames, 'x', python->bytes);
        if (i == 0) {
            check_damaged(&builder, 2, NULL);
            continue;
        }
        snprintf(damage, sizeof damage, "damaged at byte %zu: no valid record begins there", at);
        check_damaged(&builder, 1, damage);
    }
}

TEST(records_that_are_shorter_than_their_type_are_damage) {
    static const struct {
        unsigned type;
        size_t size;
    } types[] = {{RECORDING_LOCK, sizeof(struct recording_lock)},
                 {RECORDING_STACK, sizeof(struct recording_stack)},
                 {RECORDING_FINDING, sizeof(struct recording_finding)},
                 {RECORDING_PROFILE, sizeof(struct recording_profile)},
                 {RECORDING_PYTHON, sizeof(struct recording_python)},
                 {RECORDING_FUTEX_USER, sizeof(struct recording_futex_user)}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct recording_builder builder;
        unsigned char zeros[512] = {0};
        char damage[128];
        builder_start(&builder);
        size_t at = builder_record(&builder, types[i].type, zeros, types[i].size - 8);
        snprintf(damage, sizeof damage, "damaged at byte %zu: no valid record begins there", at);
        check_damaged(&builder, 0, damage);
    }
}

TEST(a_file_that_was_cut_off_says_so) {
    struct recording_builder builder;
    size_t at;
    start_three(&builder, &at);
    builder.size = at + 8;
    char damage[128];
    snprintf(damage, sizeof damage, "cut off: %zu of 20480 bytes are there", at + 8);
    check_damaged(&builder, 1, damage);
}

TEST(a_chunk_that_is_none_is_damage) {
    static const uint64_t sizes[] = {0, 64, 4097, 1u << 30, UINT64_MAX - 4095};
    for (size_t i = 0; i <= sizeof sizes / sizeof *sizes; i++) {
        struct recording_builder builder;
        size_t at;
        start_three(&builder, &at);
        builder_chunk(&builder, 1);
        struct recording_chunk *chunk = (void *)(builder.bytes + 20480);
        if (i < sizeof sizes / sizeof *sizes)
            chunk->size = sizes[i];
        else
            chunk->magic = 0;
        check_damaged(&builder, 3, "damaged at byte 20480: no chunk begins there");
    }
}

TEST(a_header_that_lies_about_the_size_is_damage) {
    struct recording_builder builder;
    size_t at;
    start_three(&builder, &at);
    builder_header(&builder)->size = UINT64_MAX;
    check_damaged(&builder, 3, "damaged: its header gives the impossible size 18446744073709551615");
    start_three(&builder, &at);
    builder_header(&builder)->size = 0;
    check_damaged(&builder, 0, "damaged: its header gives the impossible size 0");
}

TEST(a_file_that_shrinks_while_it_is_read_is_cut_off) {
    struct recording_builder builder;
    size_t at;
    start_three(&builder, &at);
    const char *path = builder_save(&builder, NAME);
    struct recording_reader *reader = open_builder(&builder);
    CHECK_EQ(truncate(path, (off_t)at), 0);
    CHECK_EQ(count_records(reader, RECORDING_THREAD), 1);
    CHECK_EQ(truncate(path, 100), 0);
    recording_reader_refresh(reader);
    CHECK_EQ(count_records(reader, RECORDING_THREAD), 0);
    CHECK_STR(recording_reader_damage(reader), "damaged: the header that was there is gone");
    recording_reader_close(reader);
    builder_free(&builder);
}

TEST(a_record_can_be_read_again_at_its_offset) {
    struct recording_builder builder;
    size_t at;
    start_three(&builder, &at);
    struct recording_reader *reader = open_builder(&builder);
    const struct recording_thread *thread = (const void *)recording_reader_at(reader, at, RECORDING_THREAD);
    CHECK(thread && thread->thread == 2);
    CHECK(recording_reader_at(reader, at, RECORDING_LOCK) == NULL);
    CHECK(recording_reader_at(reader, builder.size - 4, RECORDING_THREAD) == NULL);
    CHECK(recording_reader_at(reader, UINT64_MAX, RECORDING_THREAD) == NULL);
    recording_reader_close(reader);
    builder_free(&builder);
}

TEST(slots_and_their_held_locks) {
    struct recording_builder builder;
    struct recording_slot slot;
    struct recording_held held[40];
    builder_start(&builder);
    struct recording_slot *slots = builder_slots(&builder);
    slots[0].held_count = 2;
    slots[0].held[1].lock = 9;
    slots[1].held_count = RECORDING_HELD_INLINE + 1;
    slots[2].held_offset = 4096;
    slots[2].held_count = slots[2].held_capacity = 500000000;
    struct recording_reader *reader = open_builder(&builder);
    CHECK(recording_reader_slot(reader, 0, &slot));
    CHECK_EQ(recording_reader_held(reader, &slot, held, 40), 2);
    CHECK_EQ(held[1].lock, 9);
    CHECK(recording_reader_slot(reader, 1, &slot));
    CHECK_EQ(recording_reader_held(reader, &slot, held, 40), SIZE_MAX);
    CHECK(recording_reader_slot(reader, 2, &slot));
    CHECK_EQ(recording_reader_held(reader, &slot, held, 40), SIZE_MAX);
    slot.held_count = 30;
    CHECK_EQ(recording_reader_held(reader, &slot, held, 40), 30);
    slot.held_capacity = 29;
    CHECK_EQ(recording_reader_held(reader, &slot, held, 40), SIZE_MAX);
    CHECK(!recording_reader_slot(reader, 3, &slot));
    recording_reader_close(reader);
    builder_free(&builder);
}

CHECK_MAIN
