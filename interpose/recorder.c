#include "interpose/recorder.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "interpose/bus_guard.h"
#include "interpose/clock.h"
#include "interpose/raw.h"
#include "interpose/text.h"

#define PAGE 4096u
#define FIRST_CHUNK (16u << 10)
#define FIRST_PART (RECORDING_HEADER_SIZE + 2 * FIRST_CHUNK) /* allocated in one go, for a quick start */
#define LATER_LOG_CHUNK (1u << 20)
#define LATER_SLOTS_CHUNK (64u << 10)

static size_t round_up(size_t bytes, size_t to) {
    return (bytes + to - 1) / to * to;
}

static int identify(int fd, uint64_t *device, uint64_t *inode) {
    struct stat about = {0};
    int error = (int)raw_syscall(SYS_fstat, fd, (long)&about, 0, 0, 0, 0);
    *device = error ? 0 : about.st_dev;
    *inode = error ? 0 : about.st_ino;
    return error;
}

/* The file keeps no descriptor open, so its path must still lead to it. Others may have put something else
 * there. */
static int open_again(const struct recorder *r) {
    uint64_t device, inode;
    int fd = raw_open(r->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd < 0)
        return fd;
    int error = identify(fd, &device, &inode);
    if (!error && device == r->device && inode == r->inode)
        return fd;
    raw_close(fd);
    return error ? error : -ESTALE;
}

/* Make the pages of a mapped file touchable: the kernel allocates their blocks now, or says that it cannot.
 * Kernels before 5.14 know no such advice; there the pages are allocated through the file. */
static int populate(struct recorder *r, char *at, uint64_t offset, size_t bytes) {
    int error = raw_madvise(at, bytes, 23 /* MADV_POPULATE_WRITE */);
    if (error != -EINVAL)
        return error;
    int fd = open_again(r);
    if (fd < 0)
        return fd;
    error = raw_fallocate(fd, (long)offset, (long)bytes);
    raw_close(fd);
    return error;
}

/* A file larger than the limit would be a SIGXFSZ in the program. */
static bool file_may_have(uint64_t bytes) {
    uint64_t limit[2] = {0, 0};
    return raw_syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, (long)limit, 0, 0) < 0 || bytes <= limit[0];
}

/* Grow the file and map its new part. */
static char *map_by_path(struct recorder *r, uint64_t offset, size_t bytes) {
    if (raw_confined || !file_may_have(offset + bytes))
        return NULL;
    int fd = open_again(r);
    if (fd < 0)
        return NULL;
    long at = raw_fallocate(fd, (long)offset, (long)bytes);
    if (at == 0)
        at = raw_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (long)offset);
    raw_close(fd);
    if (at < 0 && at > -(long)PAGE)
        return NULL;
    if (bus_guard_add((void *)at, bytes))
        return (char *)at;
    raw_munmap((void *)at, bytes);
    return NULL;
}

/* The next `bytes` of the file, or NULL when it can have no more. */
static char *file_part(struct recorder *r, size_t bytes) {
    uint64_t offset = r->header->size;
    if (offset + bytes > r->reserved)
        return map_by_path(r, offset, bytes);
    char *at = (char *)r->header + offset;
    if (offset + bytes <= FIRST_PART)
        return at;
    return populate(r, at, offset, bytes) == 0 ? at : NULL;
}

/* Returns the chunk, whose place in the file is *offset (0: it is memory only). */
static struct recording_chunk *new_chunk(struct recorder *r, enum recording_chunk_type type, size_t bytes,
                                         uint64_t *offset) {
    struct recording_chunk *chunk = NULL;
    *offset = 0;
    r->file = r->file && !bus_guard_hit(); /* the header is among what was lost */
    if (r->file) {
        chunk = (struct recording_chunk *)file_part(r, bytes);
        if (!chunk) {
            r->file = false;
            r->header->lost |= RECORDING_LOST_SPACE;
        }
    }
    bool in_file = chunk != NULL;
    if (!chunk)
        chunk = raw_pages(bytes);
    if (!chunk)
        return NULL;
    chunk->magic = RECORDING_CHUNK_MAGIC;
    chunk->type = type;
    chunk->size = bytes;
    if (in_file) {
        *offset = r->header->size;
        __atomic_store_n(&r->header->size, r->header->size + bytes, __ATOMIC_RELEASE);
    }
    return chunk;
}

static int create_file(struct recorder *r, const char *dir) {
    for (uint32_t n = 0; n < 10000; n++) {
        struct text path;
        text_init(&path, r->path, sizeof r->path);
        text_add(&path, dir);
        text_add(&path, "/gordian.");
        text_add_decimal(&path, (uint64_t)raw_getpid());
        text_add(&path, ".");
        text_add_decimal(&path, n);
        text_add(&path, ".rec");
        int fd = raw_open(r->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd != -EEXIST)
            return fd;
    }
    return -EEXIST;
}

void recorder_absolute(char *dir, size_t size) {
    char here[4096] = "", given[4096];
    struct text path;
    if (dir[0] == '/')
        return;
    text_init(&path, given, sizeof given);
    text_add(&path, dir);
    long n = raw_syscall(SYS_getcwd, (long)here, sizeof here, 0, 0, 0, 0);
    text_init(&path, dir, size);
    text_add(&path, n > 0 && here[0] == '/' ? here : "");
    if (!text_equal(given, ".")) {
        text_add(&path, "/");
        text_add(&path, given);
    }
}

/* Map the new file with room to grow, and allocate its header. The file is sparse: its size costs no space. A
 * program that drops its privileges or changes its root can still record into that room. */
static int map_file(struct recorder *r, int fd) {
    static const uint64_t rooms[] = {64u << 20, 4u << 20, 512u << 10};
    uint64_t memory[2] = {~(uint64_t)0, 0};
    raw_syscall(SYS_prlimit64, 0, RLIMIT_AS, 0, (long)memory, 0, 0);
    for (unsigned i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        /* Address space that is counted is the program's to use. */
        if (memory[0] != RLIM_INFINITY && i + 1 < sizeof rooms / sizeof rooms[0])
            continue;
        if (!file_may_have(rooms[i]) || raw_syscall(SYS_ftruncate, fd, (long)rooms[i], 0, 0, 0, 0) < 0)
            continue;
        long at = raw_mmap(NULL, rooms[i], PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
        if (at < 0 && at > -(long)PAGE)
            continue;
        int error = populate(r, (char *)at, 0, FIRST_PART);
        if (error) {
            raw_munmap((void *)at, rooms[i]);
            return error;
        }
        bus_guard_add((void *)at, rooms[i]);
        r->header = (struct recording_header *)at;
        r->reserved = rooms[i];
        return 0;
    }
    return -EFBIG;
}

/* Locks in files mean something only on their machine, until it is started again. */
static void read_boot_id(struct recording_header *h) {
    int fd = raw_open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    long n = raw_read(fd, h->boot_id, sizeof h->boot_id - 1);
    raw_close(fd);
    for (unsigned i = 0; i < sizeof h->boot_id; i++)
        if (n <= (long)i || h->boot_id[i] == '\n')
            h->boot_id[i] = '\0';
}

int recorder_start(struct recorder *r, const char *dir) {
    *r = (struct recorder){0};
    int fd = create_file(r, dir), error = fd < 0 ? fd : 0;
    if (fd >= 0) {
        error = identify(fd, &r->device, &r->inode);
        error = error ? error : map_file(r, fd);
        raw_close(fd);
        if (error)
            raw_syscall(SYS_unlinkat, AT_FDCWD, (long)r->path, 0, 0, 0, 0);
    }
    r->file = r->header != NULL;
    if (!r->header) {
        r->path[0] = '\0';
        r->header = raw_pages(RECORDING_HEADER_SIZE);
    }
    if (!r->header)
        return -ENOMEM;
    struct recording_header *h = r->header;
    h->version = RECORDING_VERSION;
    h->pid = (uint32_t)raw_getpid();
    h->parent = (uint32_t)raw_getppid();
    h->started_ns = clock_ns(CLOCK_REALTIME);
    h->started_monotonic_ns = clock_ns(CLOCK_MONOTONIC);
    h->size = RECORDING_HEADER_SIZE;
    read_boot_id(h);
    /* Last: a file with the magic is a recording. */
    __atomic_signal_fence(__ATOMIC_RELEASE);
    memcpy(h->magic, RECORDING_MAGIC, sizeof h->magic);
    return error;
}

void *recorder_append(struct recorder *r, enum recording_type type, size_t size) {
    size = round_up(size, 8);
    if (!r->log_next || size > (size_t)(r->log_end - r->log_next)) {
        size_t bytes = r->log_next ? LATER_LOG_CHUNK : FIRST_CHUNK;
        if (bytes < size + sizeof(struct recording_chunk))
            bytes = round_up(size + sizeof(struct recording_chunk), PAGE);
        uint64_t offset;
        struct recording_chunk *chunk = new_chunk(r, RECORDING_CHUNK_LOG, bytes, &offset);
        if (!chunk) {
            r->header->dropped++;
            return NULL;
        }
        r->log_next = (char *)(chunk + 1);
        r->log_end = (char *)chunk + bytes;
    }
    if (!r->file)
        r->header->dropped++;
    struct recording_record *record = (void *)r->log_next;
    r->log_next += size;
    record->size = (uint32_t)size;
    record->type = (uint16_t)type;
    return record;
}

void recorder_commit(void *record) {
    __atomic_store_n(&((struct recording_record *)record)->commit, RECORDING_COMMIT, __ATOMIC_RELEASE);
}

struct recording_slot *recorder_slot(struct recorder *r) {
    if (r->slots_next == r->slots_end) {
        uint64_t offset;
        size_t bytes = r->slots_end ? LATER_SLOTS_CHUNK : FIRST_CHUNK;
        struct recording_chunk *chunk = new_chunk(r, RECORDING_CHUNK_SLOTS, bytes, &offset);
        if (!chunk)
            return NULL;
        r->slots_next = (struct recording_slot *)(chunk + 1);
        r->slots_end = r->slots_next + (bytes - sizeof *chunk) / sizeof *r->slots_next;
    }
    return r->slots_next++;
}

struct recording_held *recorder_held(struct recorder *r, uint32_t capacity, uint64_t *offset) {
    size_t bytes = round_up(sizeof(struct recording_chunk) + capacity * sizeof(struct recording_held), PAGE);
    struct recording_chunk *chunk = new_chunk(r, RECORDING_CHUNK_HELD, bytes, offset);
    if (!chunk)
        return NULL;
    if (*offset)
        *offset += sizeof(struct recording_chunk);
    return (struct recording_held *)(chunk + 1);
}

void recorder_end(struct recorder *r) {
    r->header->ended_monotonic_ns = clock_ns(CLOCK_MONOTONIC);
    __atomic_store_n(&r->header->state, RECORDING_ENDED, __ATOMIC_RELEASE);
}
