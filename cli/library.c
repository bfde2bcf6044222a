#include "cli/library.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/beside.h"
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

/* The build's tree, Bazel's runfiles, an installation in bin/ and lib/. */
static const char *const places[] = {"../interpose/libgordian.so",
                                     "gordian.runfiles/gordian/interpose/libgordian.so",
                                     "../lib/gordian/libgordian.so", NULL};

char *library_find(void) {
    const char *named = getenv("GORDIAN_LIBRARY");
    if (named && *named) {
        char *path = is_library(named) ? realpath(named, NULL) : NULL;
        if (!path)
            cli_fail(named, "GORDIAN_LIBRARY does not name a usable libgordian.so", NULL);
        return path;
    }
    char *path = beside_find(places, is_library);
    if (!path)
        cli_fail("libgordian.so", "not found beside the command",
                 "build it (bazel build //cli:gordian), or name it in GORDIAN_LIBRARY");
    return path;
}
