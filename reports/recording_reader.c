#include "reports/recording_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reports/memory.h"

/* No record of a real program comes near it: a stack of 65536 frames is half a megabyte. */
#define RECORD_LIMIT ((uint32_t)64 * 1024 * 1024)

/* The log is read in blocks: a system call for each record would take most of the time. */
#define BLOCK_SIZE ((size_t)256 * 1024)

struct chunk {
    uint64_t offset;
    uint64_t size; /* what the file has of it */
    uint32_t type;
};

struct recording_reader {
    int fd;
    uint64_t base, part; /* where in the file it begins, and its bytes; part 0: the rest of the file */
    struct recording_header header;
    uint64_t end;    /* bytes of the file that can be read */
    uint64_t walked; /* chunks before this offset are known */
    struct chunk *chunks;
    size_t chunks_count, chunks_capacity;
    size_t log;          /* the chunk whose records are being read */
    uint64_t log_offset; /* of the next record in that chunk, 0: its first */
    void *record;
    size_t record_capacity;
    unsigned char *heads, *bodies; /* a block of the log, read twice: bodies after heads */
    uint64_t block;                /* its offset */
    size_t block_size;
    bool walk_stopped, log_stopped; /* at damage */
    char damage[160];
};

__attribute__((format(printf, 2, 3))) static void note_damage(struct recording_reader *reader,
                                                              const char *format, ...) {
    if (reader->damage[0])
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->damage, sizeof reader->damage, format, arguments);
    va_end(arguments);
}

/* Returns how many bytes were there. */
static size_t read_some(int fd, void *buffer, size_t size, uint64_t offset) {
    size_t done = 0;
    while (done < size) {
        ssize_t count = pread(fd, (char *)buffer + done, size - done, (off_t)(offset + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        done += (size_t)count;
    }
    return done;
}

static bool read_exactly(int fd, void *buffer, size_t size, uint64_t offset) {
    return read_some(fd, buffer, size, offset) == size;
}

static bool read_at(const struct recording_reader *reader, void *buffer, size_t size, uint64_t offset) {
    return offset <= INT64_MAX - reader->base &&
           read_exactly(reader->fd, buffer, size, reader->base + offset);
}

static int open_failure(int fd, int error, char *line, size_t size, const char *text) {
    if (fd >= 0)
        close(fd);
    snprintf(line, size, "%s", text ? text : strerror(error));
    return -error;
}

int recording_reader_open(const char *path, struct recording_reader **out, char *error, size_t error_size) {
    return recording_reader_open_part(path, 0, 0, out, error, error_size);
}

int recording_reader_open_part(const char *path, uint64_t base, uint64_t part, struct recording_reader **out,
                               char *error, size_t error_size) {
    /* O_NONBLOCK: a FIFO of that name must not stop us. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return open_failure(fd, errno, error, error_size, NULL);
    if (S_ISDIR(status.st_mode))
        return open_failure(fd, EISDIR, error, error_size, NULL);
    if (!S_ISREG(status.st_mode))
        return open_failure(fd, EINVAL, error, error_size, "not a recording: not a regular file");

    struct recording_header header;
    if (status.st_size == 0)
        return open_failure(fd, EINVAL, error, error_size, "not a recording: the file is empty");
    if (!read_exactly(fd, &header, sizeof header.magic + sizeof header.version, base) ||
        memcmp(header.magic, RECORDING_MAGIC, sizeof header.magic) != 0)
        return open_failure(fd, EINVAL, error, error_size, "not a recording of gordian");
    if (header.version != RECORDING_VERSION) {
        char text[96];
        snprintf(text, sizeof text, "a recording of format version %u; this gordian reads version %u",
                 header.version, RECORDING_VERSION);
        return open_failure(fd, EINVAL, error, error_size, text);
    }
    if ((uint64_t)status.st_size - base < RECORDING_HEADER_SIZE)
        return open_failure(fd, EINVAL, error, error_size, "the recording is cut off within its header");

    size_t capacity = 0;
    struct recording_reader *reader = memory_array_grow(NULL, &capacity, 1, sizeof *reader);
    *reader =
        (struct recording_reader){.fd = fd, .base = base, .part = part, .walked = RECORDING_HEADER_SIZE};
    recording_reader_refresh(reader);
    *out = reader;
    return 0;
}

void recording_reader_close(struct recording_reader *reader) {
    if (!reader)
        return;
    close(reader->fd);
    free(reader->chunks);
    free(reader->record);
    free(reader->heads);
    free(reader->bodies);
    free(reader);
}

/* Find the chunks that were added since the last time. */
static void walk_chunks(struct recording_reader *reader) {
    while (!reader->walk_stopped && reader->walked + sizeof(struct recording_chunk) <= reader->end) {
        struct recording_chunk chunk;
        uint64_t at = reader->walked, said = reader->header.size - at;
        if (!read_at(reader, &chunk, sizeof chunk, at))
            return;
        if (chunk.magic != RECORDING_CHUNK_MAGIC || chunk.size < 4096 || chunk.size % 4096 != 0 ||
            chunk.size > said) {
            note_damage(reader, "damaged at byte %" PRIu64 ": no chunk begins there", at);
            reader->walk_stopped = true;
            return;
        }
        bool whole = chunk.size <= reader->end - at;
        reader->chunks = memory_array_grow(reader->chunks, &reader->chunks_capacity, reader->chunks_count + 1,
                                           sizeof *reader->chunks);
        reader->chunks[reader->chunks_count++] =
            (struct chunk){at, whole ? chunk.size : reader->end - at, chunk.type};
        reader->walked = at + chunk.size;
        reader->walk_stopped = !whole;
    }
}

void recording_reader_refresh(struct recording_reader *reader) {
    struct stat status;
    struct recording_header header;
    if (fstat(reader->fd, &status) < 0 || !read_at(reader, &header, sizeof header, 0) ||
        memcmp(header.magic, RECORDING_MAGIC, sizeof header.magic) != 0 ||
        header.version != RECORDING_VERSION) {
        note_damage(reader, "damaged: the header that was there is gone");
        reader->end = 0;
        return;
    }
    header.off_reason[sizeof header.off_reason - 1] = 0;
    header.boot_id[sizeof header.boot_id - 1] = 0;
    reader->header = header;
    uint64_t size = (uint64_t)status.st_size > reader->base ? (uint64_t)status.st_size - reader->base : 0;
    if (reader->part && size > reader->part)
        size = reader->part;
    if (header.size < RECORDING_HEADER_SIZE || header.size % 4096 != 0 || header.size > INT64_MAX)
        note_damage(reader, "damaged: its header gives the impossible size %" PRIu64, header.size);
    else if (header.size > size)
        note_damage(reader, "cut off: %" PRIu64 " of %" PRIu64 " bytes are there", size, header.size);
    reader->end = header.size < size ? header.size : size;
    walk_chunks(reader);
}

const struct recording_header *recording_reader_header(const struct recording_reader *reader) {
    return &reader->header;
}

const char *recording_reader_damage(const struct recording_reader *reader) {
    return reader->damage[0] ? reader->damage : NULL;
}

/* Whether `count` elements of `each` bytes fit behind the first `fixed` of the record. */
static bool tail_fits(const struct recording_record *record, size_t fixed, uint64_t count, size_t each) {
    return record->size >= fixed && count <= (record->size - fixed) / each;
}

static bool run_fits(const struct recording_run *run) {
    uint64_t size = (uint64_t)run->exe_size + run->argv_size;
    return tail_fits(&run->record, sizeof *run, size, 1) &&
           (!run->exe_size || !run->text[run->exe_size - 1]) && (!run->argv_size || !run->text[size - 1]);
}

static bool module_fits(const struct recording_module *module) {
    return tail_fits(&module->record, sizeof *module, module->path_size, 1) && module->path_size > 0 &&
           !module->path[module->path_size - 1] && module->build_id_size <= sizeof module->build_id &&
           module->start <= module->end;
}

static bool name_fits(const struct recording_lock_name *name) {
    return tail_fits(&name->record, sizeof *name, name->name_size, 1) && name->name_size > 0 &&
           !name->name[name->name_size - 1];
}

/* Whether the frames that are promised stand in its bytes, each with both strings ended. */
static bool python_fits(const struct recording_python *python) {
    if (!tail_fits(&python->record, sizeof *python, python->bytes, 1))
        return false;
    const uint8_t *at = python->frames;
    size_t left = python->bytes;
    for (uint32_t i = 0; i < python->count; i++) {
        if (left < sizeof(uint32_t))
            return false;
        at += sizeof(uint32_t);
        left -= sizeof(uint32_t);
        for (int text = 0; text < 2; text++) {
            const uint8_t *end = left ? memchr(at, 0, left) : NULL;
            if (!end)
                return false;
            left -= (size_t)(end + 1 - at);
            at = end + 1;
        }
    }
    return true;
}

static bool finding_fits(const struct recording_finding *finding) {
    uint64_t steps = (uint64_t)finding->steps_count * sizeof finding->steps[0];
    if (!tail_fits(&finding->record, sizeof *finding, finding->steps_count, sizeof finding->steps[0]) ||
        !tail_fits(&finding->record, sizeof *finding + steps, finding->holds_count, sizeof(struct lock_hold)))
        return false;
    for (uint32_t i = 0; i < finding->steps_count; i++) {
        const struct recording_finding_step *step = &finding->steps[i];
        if ((uint64_t)step->holds_first + step->holds_count > finding->holds_count)
            return false;
    }
    return finding->kind > 0 && finding->kind < FINDING_KINDS && finding->shape < FINDING_SHAPES &&
           finding->severity >= FINDING_NOTE && finding->severity <= FINDING_ERROR;
}

/* Whether all that the record says about itself agrees with its size. Types that are not known say nothing.
 */
static bool record_fits(const struct recording_record *record) {
    switch (record->type) {
    case RECORDING_RUN:
        return record->size >= sizeof(struct recording_run) && run_fits((const struct recording_run *)record);
    case RECORDING_MODULE:
        return record->size >= sizeof(struct recording_module) &&
               module_fits((const struct recording_module *)record);
    case RECORDING_MODULE_END:
        return record->size >= sizeof(struct recording_module_end);
    case RECORDING_THREAD:
        return record->size >= sizeof(struct recording_thread);
    case RECORDING_THREAD_NAME:
        return record->size >= sizeof(struct recording_thread_name);
    case RECORDING_THREAD_END:
        return record->size >= sizeof(struct recording_thread_end);
    case RECORDING_LOCK:
        return record->size >= sizeof(struct recording_lock);
    case RECORDING_LOCK_END:
        return record->size >= sizeof(struct recording_lock_end);
    case RECORDING_STACK:
        return record->size >= sizeof(struct recording_stack) &&
               tail_fits(record, sizeof(struct recording_stack),
                         ((const struct recording_stack *)record)->count, sizeof(uint64_t));
    case RECORDING_DEPENDENCY:
        return record->size >= sizeof(struct recording_dependency) &&
               tail_fits(record, sizeof(struct recording_dependency),
                         ((const struct recording_dependency *)record)->holds_count,
                         sizeof(struct lock_hold));
    case RECORDING_SEGMENT:
        return record->size >= sizeof(struct recording_segment);
    case RECORDING_FINDING:
        return record->size >= sizeof(struct recording_finding) &&
               finding_fits((const struct recording_finding *)record);
    case RECORDING_PROFILE:
        return record->size >= sizeof(struct recording_profile);
    case RECORDING_PYTHON:
        return record->size >= sizeof(struct recording_python) &&
               python_fits((const struct recording_python *)record);
    case RECORDING_SEMAPHORE:
        return record->size >= sizeof(struct recording_semaphore);
    case RECORDING_FUTEX_USER:
        return record->size >= sizeof(struct recording_futex_user);
    case RECORDING_LOCK_NAME:
        return record->size >= sizeof(struct recording_lock_name) &&
               name_fits((const struct recording_lock_name *)record);
    case RECORDING_EPOCH:
        return record->size >= sizeof(struct recording_epoch);
    default:
        return true;
    }
}

/* Read the whole record at `offset`, of which `head` was read before: the writer commits a record after its
 * body is there, so what is read after the commit was seen is complete. */
static const struct recording_record *read_record(struct recording_reader *reader, uint64_t offset,
                                                  const struct recording_record *head) {
    reader->record = memory_array_grow(reader->record, &reader->record_capacity, head->size, 1);
    struct recording_record *record = reader->record;
    if (!read_at(reader, record, head->size, offset) || memcmp(record, head, sizeof *head) != 0 ||
        !record_fits(record))
        return NULL;
    return record;
}

/* Whether a record that is no record yet ends its chunk: there is a later one that the log goes on in. */
static bool log_goes_on(const struct recording_reader *reader) {
    for (size_t i = reader->log + 1; i < reader->chunks_count; i++)
        if (reader->chunks[i].type == RECORDING_CHUNK_LOG)
            return true;
    return false;
}

/* Read the block at the offset, of which `left` bytes belong to the log. Heads first: where a head is
 * committed, the body that is read after it is complete. */
static void read_block(struct recording_reader *reader, uint64_t offset, uint64_t left) {
    size_t size = left < BLOCK_SIZE ? (size_t)left : BLOCK_SIZE, capacity = 0;
    if (!reader->heads) {
        reader->heads = memory_array_grow(NULL, &capacity, BLOCK_SIZE, 1);
        capacity = 0;
        reader->bodies = memory_array_grow(NULL, &capacity, BLOCK_SIZE, 1);
    }
    reader->block = offset;
    size = read_some(reader->fd, reader->heads, size, reader->base + offset);
    reader->block_size = read_some(reader->fd, reader->bodies, size, reader->base + offset);
}

/* Return where the `size` bytes at the offset stand in the block, or the block's size when they do not. */
static size_t place_in_block(const struct recording_reader *reader, uint64_t offset, size_t size) {
    bool within = offset >= reader->block && offset - reader->block <= reader->block_size &&
                  size <= reader->block_size - (offset - reader->block);
    return within ? (size_t)(offset - reader->block) : reader->block_size;
}

/* Read the head of the record at the reader's place in `chunk`. Returns whether one is committed there. */
static bool read_head(struct recording_reader *reader, const struct chunk *chunk,
                      struct recording_record *head) {
    uint64_t left = chunk->offset + chunk->size - reader->log_offset;
    if (left < sizeof *head)
        return false;
    for (int i = 0; i < 2; i++) {
        size_t place = place_in_block(reader, reader->log_offset, sizeof *head);
        if (place < reader->block_size) {
            memcpy(head, reader->heads + place, sizeof *head);
            if (head->size && head->commit)
                return true;
        }
        /* It may have been committed since the block was read. */
        if (i || !read_at(reader, head, sizeof *head, reader->log_offset) || !head->size || !head->commit)
            return false;
        read_block(reader, reader->log_offset, left);
    }
    return false;
}

/* The whole record at the offset, of which `head` was read. */
static const struct recording_record *record_of_block(struct recording_reader *reader, uint64_t offset,
                                                      const struct recording_record *head) {
    size_t place = place_in_block(reader, offset, head->size);
    if (place == reader->block_size)
        return read_record(reader, offset, head);
    const struct recording_record *record = (const void *)(reader->bodies + place);
    return memcmp(record, head, sizeof *head) == 0 && record_fits(record) ? record : NULL;
}

const struct recording_record *recording_reader_next(struct recording_reader *reader, uint64_t *offset) {
    for (; !reader->log_stopped && reader->log < reader->chunks_count;
         reader->log++, reader->log_offset = 0) {
        const struct chunk *chunk = &reader->chunks[reader->log];
        if (chunk->type != RECORDING_CHUNK_LOG)
            continue;
        if (!reader->log_offset)
            reader->log_offset = chunk->offset + sizeof(struct recording_chunk);
        struct recording_record head;
        if (!read_head(reader, chunk, &head)) {
            if (!log_goes_on(reader))
                return NULL;
            /* The log went on elsewhere only after all that this chunk has: so look once more. */
            if (!read_head(reader, chunk, &head))
                continue;
        }
        const struct recording_record *record = NULL;
        uint64_t at = reader->log_offset;
        if (head.commit == RECORDING_COMMIT && head.size >= sizeof head && head.size % 8 == 0 &&
            head.size <= chunk->offset + chunk->size - at && head.size <= RECORD_LIMIT)
            record = record_of_block(reader, at, &head);
        if (!record) {
            note_damage(reader, "damaged at byte %" PRIu64 ": no valid record begins there", at);
            reader->log_stopped = true;
            return NULL;
        }
        reader->log_offset = at + head.size;
        *offset = at;
        return record;
    }
    return NULL;
}

const struct recording_record *recording_reader_at(struct recording_reader *reader, uint64_t offset,
                                                   unsigned type) {
    struct recording_record head;
    if (offset >= reader->end || reader->end - offset < sizeof head ||
        !read_at(reader, &head, sizeof head, offset) || head.type != type ||
        head.commit != RECORDING_COMMIT || head.size < sizeof head || head.size > reader->end - offset ||
        head.size > RECORD_LIMIT)
        return NULL;
    return read_record(reader, offset, &head);
}

bool recording_reader_slot(struct recording_reader *reader, size_t index, struct recording_slot *slot) {
    for (size_t i = 0; i < reader->chunks_count; i++) {
        const struct chunk *chunk = &reader->chunks[i];
        if (chunk->type != RECORDING_CHUNK_SLOTS || chunk->size < sizeof(struct recording_chunk))
            continue;
        size_t slots = (chunk->size - sizeof(struct recording_chunk)) / sizeof *slot;
        if (index < slots)
            return read_at(reader, slot, sizeof *slot,
                           chunk->offset + sizeof(struct recording_chunk) + index * sizeof *slot);
        index -= slots;
    }
    return false;
}

size_t recording_reader_held(struct recording_reader *reader, const struct recording_slot *slot,
                             struct recording_held *held, size_t capacity) {
    size_t count = slot->held_count, taken = count < capacity ? count : capacity;
    if (!slot->held_offset) {
        if (count > RECORDING_HELD_INLINE)
            return SIZE_MAX;
        memcpy(held, slot->held, taken * sizeof *held);
        return count;
    }
    if (count > slot->held_capacity || slot->held_offset % 8 != 0 || slot->held_offset > reader->end ||
        count > (reader->end - slot->held_offset) / sizeof *held ||
        !read_at(reader, held, taken * sizeof *held, slot->held_offset))
        return SIZE_MAX;
    return count;
}
