#define _GNU_SOURCE
#include "cli/library.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/elf_image.h"

static bool is_library(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    struct elf_image image;
    elf_image_read(fd, &image);
    close(fd);
    /* A shared library asks for no loader either. */
    return image.kind == ELF_IMAGE_STATIC || image.kind == ELF_IMAGE_DYNAMIC;
}

/* The places beside the command: the build's tree, Bazel's runfiles, an installation in bin/ and lib/. */
static char *beside_command(void) {
    static const char *const places[] = {"../interpose/libgordian.so",
                                         "gordian.runfiles/gordian/interpose/libgordian.so",
                                         "../lib/gordian/libgordian.so"};
    char *command = realpath("/proc/self/exe", NULL), *found = NULL;
    if (!command)
        return NULL;
    *strrchr(command, '/') = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0] && !found; i++) {
        char *path;
        if (asprintf(&path, "%s/%s", command, places[i]) < 0)
            break;
        if (is_library(path))
            found = realpath(path, NULL);
        free(path);
    }
    free(command);
    return found;
}

char *library_find(void) {
    const char *named = getenv("GORDIAN_LIBRARY");
    if (named && *named) {
        char *path = is_library(named) ? realpath(named, NULL) : NULL;
        if (!path)
            cli_fail(named, "GORDIAN_LIBRARY does not name a usable libgordian.so", NULL);
        return path;
    }
    char *path = beside_command();
    if (!path)
        cli_fail("libgordian.so", "not found beside the command",
                 "build it (bazel build //cli:gordian), or name it in GORDIAN_LIBRARY");
    return path;
}
