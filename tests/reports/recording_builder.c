#include "tests/reports/recording_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory) {
    if (!memory)
        abort();
    return memory;
}

/* Make room for `size` zeroed bytes at the end; returns their offset. */
static size_t extend(struct recording_builder *builder, size_t size) {
    size_t at = builder->size;
    builder->size += size;
    if (builder->size > builder->capacity) {
        builder->capacity = builder->size * 2;
        builder->bytes = must(realloc(builder->bytes, builder->capacity));
    }
    memset(builder->bytes + at, 0, size);
    return at;
}

struct recording_header *builder_header(struct recording_builder *builder) {
    return (struct recording_header *)builder->bytes;
}

static size_t add_chunk(struct recording_builder *builder, uint32_t type, size_t pages) {
    size_t at = extend(builder, pages * 4096);
    *(struct recording_chunk *)(builder->bytes + at) =
        (struct recording_chunk){.magic = RECORDING_CHUNK_MAGIC, .type = type, .size = pages * 4096};
    builder_header(builder)->size = builder->size;
    return at;
}

void builder_chunk(struct recording_builder *builder, size_t pages) {
    builder->chunk = add_chunk(builder, RECORDING_CHUNK_LOG, pages);
    builder->next = builder->chunk + sizeof(struct recording_chunk);
}

void builder_start(struct recording_builder *builder) {
    static const char *const argv[] = {"bank", "--quick", NULL};
    *builder = (struct recording_builder){0};
    extend(builder, RECORDING_HEADER_SIZE);
    struct recording_header *header = builder_header(builder);
    memcpy(header->magic, RECORDING_MAGIC, sizeof header->magic);
    header->version = RECORDING_VERSION;
    header->pid = 4711;
    header->parent = 4700;
    header->state = RECORDING_LIVE;
    header->started_ns = 1704164645000000000u;
    header->started_monotonic_ns = 5000000000u;
    header->stack_depth = 64;
    header->max_steps = 65536;
    header->events[RECORDING_FAMILY_MUTEX] = 12;
    builder_chunk(builder, 4);
    builder_run(builder, "/opt/bank/bank", argv);
}

void builder_free(struct recording_builder *builder) {
    free(builder->bytes);
    *builder = (struct recording_builder){0};
}

size_t builder_record(struct recording_builder *builder, unsigned type, const void *record, size_t size) {
    size_t room = (size + 7) / 8 * 8;
    struct recording_chunk *chunk = (void *)(builder->bytes + builder->chunk);
    if (builder->next + room > builder->chunk + chunk->size)
        builder_chunk(builder, (room + sizeof *chunk) / 4096 + 4);
    size_t at = builder->next;
    memcpy(builder->bytes + at, record, size);
    *(struct recording_record *)(builder->bytes + at) =
        (struct recording_record){.size = (uint32_t)room, .type = (uint16_t)type, .commit = RECORDING_COMMIT};
    builder->next += room;
    return at;
}

/* Append a record with a tail. */
static size_t record_with(struct recording_builder *builder, unsigned type, const void *fixed,
                          size_t fixed_size, const void *tail, size_t tail_size) {
    unsigned char *whole = must(calloc(1, fixed_size + tail_size + 1));
    memcpy(whole, fixed, fixed_size);
    if (tail_size)
        memcpy(whole + fixed_size, tail, tail_size);
    size_t at = builder_record(builder, type, whole, fixed_size + tail_size);
    free(whole);
    return at;
}

void builder_run(struct recording_builder *builder, const char *exe, const char *const *argv) {
    char text[4096];
    size_t exe_size = strlen(exe) + 1, size = exe_size;
    memcpy(text, exe, exe_size);
    for (; *argv; argv++) {
        memcpy(text + size, *argv, strlen(*argv) + 1);
        size += strlen(*argv) + 1;
    }
    struct recording_run run = {.exe_size = (uint32_t)exe_size, .argv_size = (uint32_t)(size - exe_size)};
    record_with(builder, RECORDING_RUN, &run, sizeof run, text, size);
}

void builder_module(struct recording_builder *builder, uint32_t id, const char *path, uint64_t start,
                    uint64_t end, uint64_t bias, const uint8_t *build_id, uint32_t build_id_size) {
    struct recording_module module = {
        .module = id,
        .path_size = (uint32_t)strlen(path) + 1,
        .start = start,
        .end = end,
        .bias = bias,
        .build_id_size = build_id_size,
    };
    if (build_id_size)
        memcpy(module.build_id, build_id, build_id_size);
    record_with(builder, RECORDING_MODULE, &module, offsetof(struct recording_module, path), path,
                strlen(path) + 1);
}

void builder_module_end(struct recording_builder *builder, uint32_t id) {
    struct recording_module_end end = {.module = id};
    builder_record(builder, RECORDING_MODULE_END, &end, sizeof end);
}

void builder_thread(struct recording_builder *builder, uint32_t id, uint32_t creator, uint32_t stack,
                    const char *name) {
    struct recording_thread thread = {.thread = id, .tid = 4710 + id, .creator = creator, .stack = stack};
    builder_record(builder, RECORDING_THREAD, &thread, sizeof thread);
    if (!name)
        return;
    struct recording_thread_name named = {.thread = id, .tid = 4710 + id};
    memcpy(named.name, name, strnlen(name, sizeof named.name));
    builder_record(builder, RECORDING_THREAD_NAME, &named, sizeof named);
}

void builder_thread_end(struct recording_builder *builder, uint32_t id) {
    struct recording_thread_end end = {.thread = id};
    builder_record(builder, RECORDING_THREAD_END, &end, sizeof end);
}

void builder_lock(struct recording_builder *builder, uint32_t id, uint32_t kind, uint64_t address,
                  uint32_t initialised, uint32_t first) {
    struct recording_lock lock = {
        .lock = id, .kind = kind, .address = address, .initialised = initialised, .first = first};
    builder_record(builder, RECORDING_LOCK, &lock, sizeof lock);
}

void builder_lock_name(struct recording_builder *builder, uint32_t lock, const char *name) {
    struct recording_lock_name head = {.lock = lock, .name_size = (uint32_t)strlen(name) + 1};
    record_with(builder, RECORDING_LOCK_NAME, &head, sizeof head, name, strlen(name) + 1);
}

size_t builder_stack_python(struct recording_builder *builder, uint32_t id, const uint64_t *addresses,
                            size_t count, uint32_t python) {
    struct recording_stack stack = {.stack = id, .count = (uint32_t)count, .python = python};
    return record_with(builder, RECORDING_STACK, &stack, sizeof stack, addresses, count * sizeof *addresses);
}

void builder_stack(struct recording_builder *builder, uint32_t id, const uint64_t *addresses, size_t count) {
    builder_stack_python(builder, id, addresses, count, 0);
}

size_t builder_python(struct recording_builder *builder, uint32_t id, const struct builder_python *frames,
                      size_t count) {
    unsigned char bytes[4096];
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        const char *texts[] = {frames[i].file, frames[i].function};
        memcpy(bytes + size, &frames[i].line, sizeof frames[i].line);
        size += sizeof frames[i].line;
        for (size_t j = 0; j < 2; size += strlen(texts[j]) + 1, j++)
            memcpy(bytes + size, texts[j], strlen(texts[j]) + 1);
    }
    struct recording_python python = {.python = id, .count = (uint32_t)count, .bytes = (uint32_t)size};
    return record_with(builder, RECORDING_PYTHON, &python, offsetof(struct recording_python, frames), bytes,
                       size);
}

size_t builder_profile(struct recording_builder *builder, struct recording_profile profile) {
    return builder_record(builder, RECORDING_PROFILE, &profile, sizeof profile);
}

void builder_dependency(struct recording_builder *builder, uint32_t thread, struct lock_hold wants,
                        const struct lock_hold *holds, uint32_t count) {
    struct recording_dependency dependency = {
        .thread = thread, .segment = 1, .wants = wants, .holds_count = count};
    record_with(builder, RECORDING_DEPENDENCY, &dependency, sizeof dependency, holds, count * sizeof *holds);
}

void builder_futex_user(struct recording_builder *builder, uint64_t address) {
    struct recording_futex_user user = {.address = address};
    builder_record(builder, RECORDING_FUTEX_USER, &user, sizeof user);
}

static uint32_t severity_of(uint32_t kind) {
    switch (kind) {
    case FINDING_DEADLOCK_ACTUAL:
    case FINDING_HANG_ALL_BLOCKED:
        return FINDING_ERROR;
    case FINDING_BLOCKING_WAIT_HOLDING:
    case FINDING_ORDER_SINGLE_THREAD:
        return FINDING_NOTE;
    default:
        return FINDING_WARNING;
    }
}

struct recording_finding *builder_finding_at(struct recording_builder *builder, size_t at) {
    return (struct recording_finding *)(builder->bytes + at);
}

size_t builder_finding(struct recording_builder *builder, uint32_t kind, uint32_t shape,
                       const struct builder_step *steps, size_t count) {
    struct recording_finding finding = {
        .finding = 1,
        .kind = kind,
        .shape = shape,
        .severity = severity_of(kind),
        .time_ns = 5012000000u,
        .count = 1,
        .steps_count = (uint32_t)count,
    };
    size_t fixed = count * sizeof(struct recording_finding_step);
    unsigned char *tail =
        must(calloc(count + 1, sizeof(struct recording_finding_step) + sizeof steps->holds));
    for (size_t i = 0; i < count; i++) {
        struct recording_finding_step step = {
            .thread = steps[i].thread,
            .holds_count = steps[i].holds_count,
            .holds_first = finding.holds_count,
            .wants = steps[i].wants,
        };
        memcpy(tail + i * sizeof step, &step, sizeof step);
        memcpy(tail + fixed + finding.holds_count * sizeof(struct lock_hold), steps[i].holds,
               steps[i].holds_count * sizeof(struct lock_hold));
        finding.holds_count += steps[i].holds_count;
    }
    size_t at = record_with(builder, RECORDING_FINDING, &finding, sizeof finding, tail,
                            fixed + finding.holds_count * sizeof(struct lock_hold));
    free(tail);
    return at;
}

struct recording_slot *builder_slots(struct recording_builder *builder) {
    size_t at = add_chunk(builder, RECORDING_CHUNK_SLOTS, 1);
    return (struct recording_slot *)(builder->bytes + at + sizeof(struct recording_chunk));
}

const char *builder_save(const struct recording_builder *builder, const char *name) {
    static char paths[8][256];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    const char *directory = getenv("TEST_TMPDIR");
    snprintf(path, sizeof paths[0], "%s/%s.rec", directory ? directory : "/tmp", name);
    FILE *out = must(fopen(path, "wb"));
    if (fwrite(builder->bytes, 1, builder->size, out) != builder->size || fclose(out) != 0)
        abort();
    return path;
}
