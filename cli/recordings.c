#define _GNU_SOURCE
#include "cli/recordings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "cli/cli.h"
#include "detector/recording.h"
#include "reports/crossing.h"

/* Room that a recording needs to start: its header and first chunks. */
#define ROOM (256u << 10)
#define SHARED_MEMORY_ROOM (256u << 20) /* free bytes that make /dev/shm a place for recordings */

struct file {
    char *name;
    uint64_t findings; /* in the report already */
    bool read;         /* the report has it */
    bool old;          /* stood there before the run */
    unsigned signs;    /* enum crossing_signs */
};

struct recordings {
    char *private_dir, *dir, *notify;
    int fifo;
    struct file *files; /* in the order of versionsort */
    size_t count;
};

static int is_recording(const struct dirent *entry) {
    size_t size = strlen(entry->d_name);
    return strncmp(entry->d_name, "gordian.", 8) == 0 && size > 12 &&
           strcmp(entry->d_name + size - 4, ".rec") == 0;
}

/* Bring `files` up to date with the directory; what is new is marked `old` when this is the first look.
 * Returns 0 or a negative errno. */
static int scan(struct recordings *r, bool old) {
    struct dirent **entries;
    int n = scandir(r->dir, &entries, is_recording, versionsort);
    if (n < 0)
        return -errno;
    struct file *files = calloc((size_t)n + 1, sizeof *files);
    size_t known = 0, count = 0;
    for (int i = 0; files && i < n; i++) {
        const char *name = entries[i]->d_name;
        int order = -1;
        while (known < r->count && (order = strverscmp(r->files[known].name, name)) < 0)
            free(r->files[known++].name);
        bool is_known = known < r->count && order == 0;
        files[count] = is_known ? r->files[known++] : (struct file){.name = strdup(name), .old = old};
        count += files[count].name != NULL;
    }
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free((void *)entries);
    if (!files)
        return -ENOMEM;
    while (known < r->count)
        free(r->files[known++].name);
    free(r->files);
    r->files = files;
    r->count = count;
    return 0;
}

/* Whether a recording can be started in the directory: the library, which can only fall back to memory, would
 * not be heard. */
static int probe(const char *dir) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < ROOM)
        return cli_fail_errno(EFBIG, "raise the limit on file sizes (ulimit -f)", "cannot record in %s", dir);
    char *path;
    if (asprintf(&path, "%s/.gordian-XXXXXX", dir) < 0)
        return cli_fail("no memory left", NULL, NULL);
    int fd = mkostemp(path, O_CLOEXEC), error = fd < 0 ? errno : 0;
    if (fd >= 0) {
        if (fallocate(fd, 0, 0, ROOM) < 0 && (errno == ENOSPC || errno == EDQUOT))
            error = errno;
        close(fd);
        unlink(path);
    }
    free(path);
    return error ? cli_fail_errno(error, "choose another directory with --out or TMPDIR",
                                  "cannot record in %s", dir)
                 : 0;
}

/* Where the recordings go unless the user says so: shared memory, where making a file costs a process
 * microseconds and not a journal's milliseconds, if it is there and has room to spare; else /tmp. */
static const char *temporary_parent(void) {
    const char *chosen = getenv("TMPDIR");
    struct statfs is;
    if (chosen && *chosen)
        return chosen;
    bool roomy = statfs("/dev/shm", &is) == 0 && is.f_type == TMPFS_MAGIC && access("/dev/shm", W_OK) == 0 &&
                 (uint64_t)is.f_bavail * (uint64_t)is.f_bsize >= SHARED_MEMORY_ROOM;
    return roomy ? "/dev/shm" : "/tmp";
}

static int make_private_dir(struct recordings *r) {
    const char *parent = temporary_parent();
    char *real = realpath(parent, NULL);
    int size = asprintf(&r->private_dir, "%s/gordian-XXXXXX", real ? real : parent);
    free(real);
    if (size < 0) {
        r->private_dir = NULL;
        return cli_fail("no memory left", NULL, NULL);
    }
    if (!mkdtemp(r->private_dir)) {
        cli_fail_errno(errno, "set TMPDIR to a directory that can be written",
                       "cannot make a directory in %s", parent);
        free(r->private_dir);
        r->private_dir = NULL;
        return CLI_FAILED;
    }
    return 0;
}

static int make_fifo(struct recordings *r) {
    if (asprintf(&r->notify, "%s/notify", r->private_dir) < 0) {
        r->notify = NULL;
        return cli_fail("no memory left", NULL, NULL);
    }
    /* Open for both: a writer then always finds a reader, and the end of one writer is no end of file. */
    if (mkfifo(r->notify, 0600) == 0)
        r->fifo = open(r->notify, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (r->fifo < 0)
        return cli_fail_errno(errno, "set TMPDIR to a directory on a local file system",
                              "cannot make the FIFO %s", r->notify);
    return 0;
}

struct recordings *recordings_open(const char *dir) {
    struct recordings *r = calloc(1, sizeof *r);
    if (!r) {
        cli_fail("no memory left", NULL, NULL);
        return NULL;
    }
    r->fifo = -1;
    int status = make_private_dir(r);
    if (!status)
        status = make_fifo(r);
    if (!status) {
        r->dir = dir ? realpath(dir, NULL) : strdup(r->private_dir);
        status = r->dir ? probe(r->dir)
                        : cli_fail_errno(errno, NULL, "cannot record in %s", dir ? dir : r->private_dir);
    }
    if (!status) {
        int error = scan(r, true);
        if (error)
            status = cli_fail_errno(error, NULL, "cannot read the directory %s", r->dir);
    }
    if (status) {
        recordings_close(r, false);
        return NULL;
    }
    return r;
}

const char *recordings_dir(const struct recordings *r) {
    return r->dir;
}

const char *recordings_private_dir(const struct recordings *r) {
    return r->private_dir;
}

const char *recordings_notify(const struct recordings *r) {
    return r->notify;
}

int recordings_descriptor(const struct recordings *r) {
    return r->fifo;
}

bool recordings_hear(struct recordings *r) {
    char bytes[512];
    bool heard = false;
    while (read(r->fifo, bytes, sizeof bytes) > 0)
        heard = true;
    return heard;
}

size_t recordings_count(const struct recordings *r) {
    return r->count;
}

/* The number of findings that the header gives; 0 when it cannot be read yet. */
static uint64_t findings_in(const char *path) {
    uint64_t findings = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (pread(fd, &findings, sizeof findings, offsetof(struct recording_header, findings)) != sizeof findings)
        findings = 0;
    close(fd);
    return findings;
}

/* The path of a file of the run, NULL for others. The caller frees it. */
static char *path_of(const struct recordings *r, const struct file *file) {
    char *path;
    return file->old || asprintf(&path, "%s/%s", r->dir, file->name) < 0 ? NULL : path;
}

/* Update the report from each recording of the run, or only from those with new findings. */
static void update(struct recordings *r, struct report *report, bool all) {
    int error = scan(r, false);
    if (error && all)
        cli_fail_errno(error, NULL, "cannot read the directory %s", r->dir);
    for (size_t i = 0; i < r->count; i++) {
        struct file *file = &r->files[i];
        char *path = path_of(r, file), why[256] = "";
        if (!path)
            continue;
        uint64_t findings = findings_in(path);
        if (all || findings > file->findings) {
            int failed = report_update(report, path, why, sizeof why);
            file->read |= !failed;
            if (!failed)
                file->findings = findings;
            else if (all) /* earlier, it may just not be complete */
                cli_fail(path, why, NULL);
        }
        free(path);
    }
}

void recordings_follow(struct recordings *r, struct report *report) {
    update(r, report, false);
}

void recordings_read(struct recordings *r, struct report *report, uint32_t pid) {
    char prefix[32], why[256];
    snprintf(prefix, sizeof prefix, "gordian.%u.", pid);
    if (scan(r, false))
        return;
    for (size_t i = 0; i < r->count; i++) {
        char *path = strncmp(r->files[i].name, prefix, strlen(prefix)) == 0 ? path_of(r, &r->files[i]) : NULL;
        uint64_t findings = path ? findings_in(path) : 0;
        if (path && report_update(report, path, why, sizeof why) == 0) {
            r->files[i].findings = findings;
            r->files[i].read = true;
        }
        free(path);
    }
}

/* Read recordings that the report does not have: those with signs, or all. Later it follows them itself. */
static void read_some(struct recordings *r, struct report *report, bool all) {
    for (size_t i = 0; i < r->count; i++) {
        struct file *file = &r->files[i];
        char *path = !file->read && (all || file->signs) ? path_of(r, file) : NULL, why[256];
        uint64_t findings = path ? findings_in(path) : 0;
        if (path && report_update(report, path, why, sizeof why) == 0) {
            file->findings = findings;
            file->read = true;
        }
        free(path);
    }
}

/* Only processes with a thread that waits, or that is gone with a lock, can be part of it. */
bool recordings_cross(struct recordings *r, struct report *report, uint64_t before_ns) {
    unsigned all = 0;
    size_t processes = 0;
    for (size_t i = 0; i < r->count; i++)
        processes += !r->files[i].old;
    for (size_t i = 0; i < r->count && processes > 1; i++) {
        char *path = path_of(r, &r->files[i]);
        r->files[i].signs = path ? crossing_signs(path, before_ns) : 0;
        all |= r->files[i].signs;
        free(path);
    }
    if (!(all & CROSSING_WAITS))
        return false;
    read_some(r, report, false);
    if (report_shares_locks(report))
        read_some(r, report, true); /* others may know where the locks are from */
    return report_cross(report);
}

void recordings_finish(struct recordings *r, struct report *report) {
    update(r, report, true);
}

/* Remove the directory and the files in it; there are no others. */
static void remove_directory(const char *path) {
    DIR *dir = opendir(path);
    int fd = dir ? dirfd(dir) : -1;
    for (struct dirent *entry; fd >= 0 && (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            unlinkat(fd, entry->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(path);
}

void recordings_close(struct recordings *r, bool keep) {
    if (!r)
        return;
    if (r->fifo >= 0)
        close(r->fifo);
    if (r->notify)
        unlink(r->notify);
    if (r->private_dir && !keep)
        remove_directory(r->private_dir);
    for (size_t i = 0; i < r->count; i++)
        free(r->files[i].name);
    free(r->files);
    free(r->private_dir);
    free(r->dir);
    free(r->notify);
    free(r);
}
