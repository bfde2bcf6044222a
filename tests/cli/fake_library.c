/* Stands in for libgordian.so where a test needs a library in a certain state: it makes a recording without
 * facts in GORDIAN_OPTIONS' dir= and watches nothing. FAKE_STATE and FAKE_LOST set these fields of the
 * header. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "detector/recording.h"

static void dir_option(char *dir, size_t size) {
    const char *options = getenv("GORDIAN_OPTIONS"), *at = NULL;
    for (const char *next = options; next && (next = strstr(next, "dir=")); next += 4)
        at = next + 4; /* the last one counts */
    snprintf(dir, size, "%.*s", at ? (int)strcspn(at, ":") : 1, at ? at : ".");
}

static unsigned number(const char *name, unsigned otherwise) {
    const char *value = getenv(name);
    return value ? (unsigned)strtoul(value, NULL, 10) : otherwise;
}

__attribute__((constructor)) static void record(void) {
    char dir[4096], path[4200];
    static char page[RECORDING_HEADER_SIZE];
    struct recording_header header = {.magic = RECORDING_MAGIC,
                                      .version = RECORDING_VERSION,
                                      .pid = (unsigned)getpid(),
                                      .state = number("FAKE_STATE", RECORDING_LIVE),
                                      .lost = number("FAKE_LOST", 0),
                                      .size = RECORDING_HEADER_SIZE,
                                      .off_reason = "the test says so"};
    memcpy(page, &header, sizeof header);
    dir_option(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/gordian.%d.0.rec", dir, (int)getpid());
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    /* Mapped for as long as the process lives. */
    if (fd < 0 || write(fd, page, sizeof page) != sizeof page ||
        mmap(NULL, sizeof page, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
        perror(path);
    close(fd);
}
