/* Forged recordings and saved lock orders through merging, classes and saving, under sanitizers: valid ones
 * with bytes changed, and files cut off. The changes come from a fixed sequence: a failure repeats. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reports/orders.h"
#include "reports/report.h"
#include "tests/check.h"
#include "tests/reports/recording_builder.h"

static uint64_t state = 88172645463325252u;

/* Marsaglia's xorshift64. */
static uint64_t random_number(uint64_t below) {
    if (!below)
        abort();
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static void add_dependency(struct recording_builder *builder, uint32_t thread, uint32_t segment,
                           uint32_t held, uint32_t wanted) {
    union {
        struct recording_dependency dependency;
        char room[sizeof(struct recording_dependency) + sizeof(struct lock_hold)];
    } whole = {
        .dependency = {.thread = thread, .segment = segment, .wants = {wanted, 0, 2}, .holds_count = 1}};
    whole.dependency.holds[0] = (struct lock_hold){held, 0, 1};
    builder_record(builder, RECORDING_DEPENDENCY, &whole, sizeof whole);
}

/* Two workers; one takes two locks in this order or the other; and all other facts that orders know. */
static void build(struct recording_builder *builder, bool reversed) {
    uint64_t addresses[4] = {0x400010, 0x400120, 0x400230, 0x400340};
    builder_start(builder);
    strcpy(builder_header(builder)->boot_id, "boot");
    builder_module(builder, 1, "/nonexistent/bank", 0x400000, 0x402000, 0x400000,
                   (const uint8_t *)"0123456789", 10);
    for (uint32_t i = 1; i <= 4; i++)
        builder_stack(builder, i, addresses + i - 1, 5 - i);
    builder_thread(builder, 1, 0, 0, "bank");
    for (uint32_t i = 2; i <= 3; i++) {
        struct recording_segment segment = {.thread = i, .cross_thread = 1, .cross_index = i - 2};
        builder_thread(builder, i, 1, i, NULL);
        builder_record(builder, RECORDING_SEGMENT, &segment, sizeof segment);
    }
    for (uint32_t i = 1; i <= 2; i++)
        builder_lock(builder, i, LOCK_KIND_MUTEX, 0x401000 + 64 * i, 0, 1);
    for (uint32_t i = 3; i <= 6; i++)
        builder_lock(builder, i, i == 6 ? LOCK_KIND_SEMAPHORE : LOCK_KIND_MUTEX, 0x7f0000000000 + 64 * i, 3,
                     1);
    struct recording_semaphore proof = {.lock = 6, .is_lock = 1};
    builder_record(builder, RECORDING_SEMAPHORE, &proof, sizeof proof);
    add_dependency(builder, reversed ? 3 : 2, 0, reversed ? 2 : 1, reversed ? 1 : 2);
    add_dependency(builder, 2, 0, 3, 4);
    add_dependency(builder, 3, 0, 5, 4);
    add_dependency(builder, 3, 0, 6, 1);
    builder_finding(builder, FINDING_DEADLOCK_POTENTIAL, FINDING_SHAPE_CYCLE,
                    (struct builder_step[]){{2, {{3, 0, 3}}, 1, {5, 0, 4}}, {3, {{5, 0, 3}}, 1, {3, 0, 4}}},
                    2);
    struct recording_segment joined = {.thread = 1, .index = 3, .cross_thread = 2};
    builder_record(builder, RECORDING_SEGMENT, &joined, sizeof joined);
    struct recording_lock_end end = {.lock = 5};
    builder_record(builder, RECORDING_LOCK_END, &end, sizeof end);
}

/* Put a value that likes to break things where something is. */
static void change(unsigned char *bytes, size_t size, size_t from) {
    static const uint64_t values[] = {0, 1, 7, 63, 0x7fffffff, 0x80000000, 0xffffffff, UINT64_MAX};
    size_t width = (size_t)1 << random_number(4), at = from + random_number(size - from);
    uint64_t value = random_number(3) ? values[random_number(8)] : random_number(12);
    at -= at % width;
    if (at + width <= size)
        memcpy(bytes + at, &value, width);
}

static void ignore(void *context, const uint32_t *locks, uint32_t count) {
    (void)context, (void)locks, (void)count;
}

static const char *path_of(const char *name) {
    static char paths[4][256];
    static unsigned turn;
    const char *directory = getenv("TEST_TMPDIR");
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory ? directory : "/tmp", name);
    return path;
}

/* Read both through everything; returns how many findings are merged ones. */
static size_t merge(const char *one, const char *other, const char *saved) {
    char error[256];
    size_t merged = 0;
    struct orders orders;
    struct report *report = report_create();
    report_update(report, one, error, sizeof error);
    report_update(report, other, error, sizeof error);
    report_merge(report, error, sizeof error);
    report_classes(report, error, sizeof error);
    if (saved)
        report_save(report, saved, error, sizeof error);
    for (size_t i = 0; i < report_findings(report); i++)
        merged += report_finding(report, i)->merged;
    report_free(report);
    if (orders_read(one, 0, 0, &orders, error, sizeof error) == 0) {
        orders_replay(&orders, ignore, NULL);
        orders_free(&orders);
    }
    return merged;
}

static void save_bytes(const char *path, const unsigned char *bytes, size_t size) {
    FILE *out = fopen(path, "wb");
    CHECK(out && fwrite(bytes, 1, size, out) == size && fclose(out) == 0);
}

TEST(the_recordings_are_what_they_seem_before_they_are_changed) {
    struct recording_builder one, other;
    const char *saved = path_of("saved");
    build(&one, false);
    build(&other, true);
    const char *first = builder_save(&one, "first"), *second = builder_save(&other, "second");
    CHECK_EQ(merge(first, second, saved), 1);
    CHECK_EQ(merge(saved, first, NULL), 1);
    CHECK_EQ(merge(first, first, NULL), 0);
    builder_free(&one);
    builder_free(&other);
}

TEST(forged_recordings_do_no_harm) {
    struct recording_builder one, other;
    build(&one, false);
    build(&other, true);
    const char *second = builder_save(&other, "second"), *forged = path_of("forged.rec");
    unsigned char *bytes = malloc(one.next);
    for (int i = 0; i < 400; i++) {
        memcpy(bytes, one.bytes, one.next);
        for (uint64_t changes = 1 + random_number(4); changes > 0; changes--)
            change(bytes, one.next, RECORDING_HEADER_SIZE + 64);
        save_bytes(forged, bytes, one.next);
        merge(forged, second, i % 8 ? NULL : path_of("saved_forged"));
    }
    free(bytes);
    builder_free(&one);
    builder_free(&other);
}

TEST(forged_saved_orders_do_no_harm) {
    struct recording_builder one, other;
    struct stat about;
    const char *saved = path_of("saved"), *forged = path_of("forged_saved");
    build(&one, false);
    build(&other, true);
    const char *first = builder_save(&one, "first");
    CHECK_EQ(merge(first, builder_save(&other, "second"), saved), 1);
    CHECK_EQ(stat(saved, &about), 0);
    size_t size = (size_t)about.st_size;
    unsigned char *good = malloc(size), *bytes = malloc(size);
    FILE *in = fopen(saved, "rb");
    CHECK(in && fread(good, 1, size, in) == size);
    if (in)
        fclose(in);
    for (int i = 0; i < 300; i++) {
        memcpy(bytes, good, size);
        change(bytes, i % 2 ? 64 : size, i % 2 ? 8 : 0);
        if (i % 3 == 0)
            change(bytes, size, size - 32); /* the table of its parts */
        save_bytes(forged, bytes, i % 5 ? size : random_number(size));
        merge(forged, first, NULL);
    }
    free(good);
    free(bytes);
    builder_free(&one);
    builder_free(&other);
}

CHECK_MAIN
