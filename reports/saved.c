#include "reports/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reports/finding_id.h"
#include "reports/frames.h"
#include "reports/memory.h"
#include "reports/orders.h"
#include "reports/recording_reader.h"
#include "reports/table.h"

#define PAGE 4096u
#define PARTS_LIMIT 1000000u

static int fail(char *error, size_t size, int number, const char *text) {
    snprintf(error, size, "%s", text ? text : strerror(number));
    return -number;
}

/* ---- reading ---- */

static bool read_header(const char *path, int *fd, struct saved_header *header) {
    struct stat status;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd >= 0 && fstat(*fd, &status) == 0 && S_ISREG(status.st_mode) &&
        pread(*fd, header, sizeof *header, 0) == (ssize_t)sizeof *header &&
        memcmp(header->magic, SAVED_MAGIC, sizeof header->magic) == 0)
        return true;
    if (*fd >= 0)
        close(*fd);
    return false;
}

bool saved_is(const char *path) {
    struct saved_header header;
    int fd;
    if (!read_header(path, &fd, &header))
        return false;
    close(fd);
    return true;
}

/* Whether all parts lie in the file, one after the other: then no part is read twice. */
static bool parts_fit(const struct saved_part *parts, size_t count, uint64_t size) {
    uint64_t end = PAGE;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].offset < end || parts[i].offset > size || parts[i].size > size - parts[i].offset ||
            parts[i].size < PAGE)
            return false;
        end = parts[i].offset + parts[i].size;
    }
    return true;
}

int saved_read(const char *path, struct saved_part **parts, size_t *count, char *error, size_t error_size) {
    struct saved_header header;
    struct stat status;
    char text[128];
    int fd;
    if (!read_header(path, &fd, &header))
        return fail(error, error_size, EINVAL, "no saved lock orders of gordian");
    if (header.version != SAVED_VERSION || header.recording_version != RECORDING_VERSION) {
        close(fd);
        snprintf(text, sizeof text,
                 "saved lock orders of format version %u.%u; this gordian reads version %u.%u",
                 header.version, header.recording_version, SAVED_VERSION, RECORDING_VERSION);
        return fail(error, error_size, EINVAL, text);
    }
    size_t bytes = (size_t)header.parts_count * sizeof **parts, capacity = 0;
    bool fits = fstat(fd, &status) == 0 && header.parts_count <= PARTS_LIMIT &&
                header.parts <= (uint64_t)status.st_size && bytes <= (uint64_t)status.st_size - header.parts;
    *parts = memory_array_grow(NULL, &capacity, fits ? header.parts_count + 1 : 1, sizeof **parts);
    *count = header.parts_count;
    fits = fits && pread(fd, *parts, bytes, (off_t)header.parts) == (ssize_t)bytes &&
           parts_fit(*parts, *count, (uint64_t)status.st_size);
    close(fd);
    if (fits)
        return 0;
    free(*parts);
    return fail(error, error_size, EINVAL, "the saved lock orders are cut off or damaged");
}

/* ---- what is kept of a recording ---- */

struct wanted {
    struct table stacks, pythons;
};

static void want(struct wanted *wanted, uint32_t stack) {
    if (stack)
        table_put(&wanted->stacks, stack, wanted);
}

static void want_holds(struct wanted *wanted, const struct lock_hold *holds, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        want(wanted, holds[i].stack);
}

static bool is_ring(const struct recording_finding *finding) {
    return finding->kind == FINDING_DEADLOCK_POTENTIAL || finding->kind == FINDING_DEADLOCK_ACTUAL;
}

/* Note the stacks that a record refers to, if it is kept. */
static void want_stacks(struct wanted *wanted, const struct recording_record *record) {
    if (record->type == RECORDING_THREAD)
        want(wanted, ((const struct recording_thread *)record)->stack);
    if (record->type == RECORDING_LOCK) {
        want(wanted, ((const struct recording_lock *)record)->initialised);
        want(wanted, ((const struct recording_lock *)record)->first);
    }
    if (record->type == RECORDING_DEPENDENCY) {
        const struct recording_dependency *dependency = (const void *)record;
        want_holds(wanted, dependency->holds, dependency->holds_count);
        want(wanted, dependency->wants.stack);
    }
    if (record->type == RECORDING_FINDING && is_ring((const void *)record)) {
        const struct recording_finding *finding = (const void *)record;
        for (uint32_t i = 0; i < finding->steps_count; i++)
            want(wanted, finding->steps[i].wants.stack);
        want_holds(wanted, (const void *)&finding->steps[finding->steps_count], finding->holds_count);
    }
}

static bool is_kept(const struct wanted *wanted, const struct recording_record *record) {
    switch (record->type) {
    case RECORDING_STACK:
        return table_find(&wanted->stacks, ((const struct recording_stack *)record)->stack);
    case RECORDING_PYTHON:
        return table_find(&wanted->pythons, ((const struct recording_python *)record)->python);
    case RECORDING_FINDING:
        return is_ring((const void *)record);
    case RECORDING_PROFILE:
    case RECORDING_FUTEX_USER:
        return false;
    default:
        return true;
    }
}

static int open_source(const struct merge_source *source, struct recording_reader **reader, char *error,
                       size_t error_size) {
    return recording_reader_open_part(source->path, source->base, source->part, reader, error, error_size);
}

/* Python functions stand before the stacks that name them, so it takes two readings to know which are
 * wanted. */
static int find_wanted(const struct merge_source *source, struct wanted *wanted, char *error,
                       size_t error_size) {
    struct recording_reader *reader;
    const struct recording_record *record;
    uint64_t offset;
    for (int i = 0; i < 2; i++) {
        int status = open_source(source, &reader, error, error_size);
        if (status < 0)
            return status;
        while ((record = recording_reader_next(reader, &offset)) != NULL) {
            const struct recording_stack *stack = (const void *)record;
            if (!i)
                want_stacks(wanted, record);
            else if (record->type == RECORDING_STACK && stack->python && is_kept(wanted, record))
                table_put(&wanted->pythons, stack->python, wanted);
        }
        recording_reader_close(reader);
    }
    return 0;
}

/* Write the header and one chunk with the records that are kept. */
static int write_part(FILE *out, const struct merge_source *source, struct saved_part *part, char *error,
                      size_t error_size) {
    static const char zeros[PAGE];
    struct wanted wanted = {0};
    struct recording_reader *reader = NULL;
    const struct recording_record *record;
    uint64_t offset;
    int status = find_wanted(source, &wanted, error, error_size);
    if (!status)
        status = open_source(source, &reader, error, error_size);
    part->offset = (uint64_t)ftello(out);
    if (!status) {
        struct recording_header header = *recording_reader_header(reader);
        struct recording_chunk chunk = {.magic = RECORDING_CHUNK_MAGIC, .type = RECORDING_CHUNK_LOG};
        uint64_t size = sizeof chunk;
        fwrite(zeros, 1, PAGE, out);
        fwrite(&chunk, sizeof chunk, 1, out);
        header.findings = 0;
        while ((record = recording_reader_next(reader, &offset)) != NULL)
            if (is_kept(&wanted, record)) {
                fwrite(record, 1, record->size, out);
                size += record->size;
                header.findings += record->type == RECORDING_FINDING;
            }
        header.dropped += recording_reader_damage(reader) != NULL; /* what follows the damage is missing */
        chunk.size = (size + PAGE - 1) / PAGE * PAGE;
        fwrite(zeros, 1, chunk.size - size, out);
        header.size = RECORDING_HEADER_SIZE + chunk.size;
        part->size = header.size;
        fseeko(out, (off_t)part->offset, SEEK_SET);
        fwrite(&header, sizeof header, 1, out);
        fseeko(out, (off_t)part->offset + PAGE, SEEK_SET);
        fwrite(&chunk, sizeof chunk, 1, out);
        fseeko(out, 0, SEEK_END);
    }
    recording_reader_close(reader);
    table_free(&wanted.stacks);
    table_free(&wanted.pythons);
    return status;
}

/* ---- recordings that show nothing new ---- */

static uint64_t mixed(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 30;
}

static uint64_t text_hash(const char *text) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

/* What a lock is called, in any run. One without a name is its own. */
static uint64_t lock_hash(const struct merge_source *source, uint32_t id) {
    const struct report_lock *lock = resolver_lock(source->resolver, id);
    if (!lock)
        return 0;
    if (lock->variable || lock->inode)
        return mixed(mixed(text_hash(lock->name), lock->kind), lock->inode);
    const struct report_stack *made = lock->initialised.count ? &lock->initialised : &lock->first;
    return made->count ? mixed(finding_id_stack(made), lock->kind) : mixed(source->process->started_ns, id);
}

static uint64_t thread_hash(const struct merge_source *source, uint32_t id) {
    const struct report_thread *thread = resolver_thread(source->resolver, id);
    const char *exe = frames_basename(source->process->exe);
    return id == 1 ? mixed(text_hash(exe), source->process->forked) : finding_id_stack(&thread->created);
}

/* Whether the orders of the source have one that is not in `known`, to which all are added. */
static bool shows_more(const struct merge_source *source, const struct orders *orders, struct table *known) {
    bool more = orders->rings_count > 0; /* what it has found is to be reported */
    for (size_t i = 0; i < orders->dependencies_count; i++) {
        const struct orders_dependency *dependency = &orders->dependencies[i];
        uint64_t hash =
            mixed(thread_hash(source, orders->threads[dependency->thread - 1]), dependency->segment);
        for (uint32_t k = 0; k <= dependency->holds_count; k++) {
            const struct lock_hold *hold = k < dependency->holds_count
                                               ? &orders->holds[dependency->holds_first + k]
                                               : &dependency->wants;
            hash = mixed(mixed(hash, lock_hash(source, orders->locks[hold->lock - 1].id)), hold->mode);
        }
        more |= !table_find(known, hash);
        table_put(known, hash, known);
    }
    return more;
}

/* Say in *kept which are worth keeping, the last ones first. */
static int choose(const struct merge_source *sources, size_t count, bool *kept, char *error,
                  size_t error_size) {
    struct table known = {0};
    int status = 0;
    for (size_t i = count; i-- > 0 && !status;) {
        struct orders orders;
        status = orders_read(sources[i].path, sources[i].base, sources[i].part, &orders, error, error_size);
        if (!status) {
            kept[i] = shows_more(&sources[i], &orders, &known);
            orders_free(&orders);
        }
    }
    table_free(&known);
    return status;
}

static int write_all(FILE *out, const struct merge_source *sources, size_t count, char *error,
                     size_t error_size) {
    static const char zeros[PAGE];
    struct memory_pool pool = {0};
    struct saved_header header = {
        .magic = SAVED_MAGIC, .version = SAVED_VERSION, .recording_version = RECORDING_VERSION};
    struct saved_part *parts = memory_pool_alloc(&pool, (count + 1) * sizeof *parts);
    bool *kept = memory_pool_alloc(&pool, count + 1);
    int status = choose(sources, count, kept, error, error_size);
    fwrite(zeros, 1, PAGE, out);
    for (size_t i = 0; i < count && !status; i++)
        if (kept[i])
            status = write_part(out, &sources[i], &parts[header.parts_count++], error, error_size);
    if (!status) {
        header.parts = (uint64_t)ftello(out);
        fwrite(parts, sizeof *parts, header.parts_count, out);
        fseeko(out, 0, SEEK_SET);
        fwrite(&header, sizeof header, 1, out);
        if (fflush(out) != 0 || ferror(out) || fsync(fileno(out)) < 0)
            status = fail(error, error_size, errno ? errno : EIO, NULL);
    }
    memory_pool_free(&pool);
    return status;
}

int saved_write(const char *path, const struct merge_source *sources, size_t count, char *error,
                size_t error_size) {
    struct memory_pool pool = {0};
    char *beside = memory_pool_format(&pool, "%s.XXXXXX", path);
    mode_t mask = umask(0);
    umask(mask);
    int fd = mkstemp(beside), status = 0;
    FILE *out = fd >= 0 ? fdopen(fd, "w+") : NULL;
    if (!out)
        status = fail(error, error_size, errno, NULL);
    if (!status)
        status = write_all(out, sources, count, error, error_size);
    if (!status && fchmod(fd, 0666 & ~mask) < 0)
        status = fail(error, error_size, errno, NULL);
    if (out && fclose(out) != 0 && !status)
        status = fail(error, error_size, errno, NULL);
    if (!status && rename(beside, path) < 0)
        status = fail(error, error_size, errno, NULL);
    if (status && fd >= 0)
        unlink(beside);
    memory_pool_free(&pool);
    return status;
}
