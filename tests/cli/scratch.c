#define _GNU_SOURCE
#include "tests/cli/scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[PATH_MAX];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static void remove_all(void) {
    nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void die(const char *what) {
    perror(what);
    exit(2);
}

const char *scratch_dir(void) {
    if (!directory[0]) {
        const char *parent = getenv("TEST_TMPDIR");
        snprintf(directory, sizeof directory, "%s/gordian-test-XXXXXX", parent ? parent : "/tmp");
        if (!mkdtemp(directory))
            die(directory);
        atexit(remove_all);
    }
    return directory;
}

const char *scratch_path(const char *name) {
    static char paths[10][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 10];
    if (snprintf(path, PATH_MAX, "%s/%s", scratch_dir(), name) >= PATH_MAX)
        die(name);
    return path;
}

const char *scratch_file(const char *name, const void *bytes, size_t size, unsigned mode) {
    const char *path = scratch_path(name);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || fchmod(fd, mode) < 0)
        die(path);
    close(fd);
    return path;
}

const char *scratch_text(const char *name, const char *text, unsigned mode) {
    return scratch_file(name, text, strlen(text), mode);
}

static int kept_stderr = -1;

void scratch_stderr_begin(void) {
    int fd = open(scratch_path("stderr"), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    fflush(stderr);
    kept_stderr = fcntl(2, F_DUPFD_CLOEXEC, 3);
    if (fd < 0 || kept_stderr < 0 || dup2(fd, 2) < 0)
        die("stderr");
    close(fd);
}

const char *scratch_stderr_end(void) {
    static char text[16384];
    fflush(stderr);
    ssize_t size = pread(2, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    dup2(kept_stderr, 2);
    close(kept_stderr);
    return text;
}
