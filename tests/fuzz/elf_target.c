/* A program that is to be run: an ELF file with anything in it. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/elf_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct elf_image image;
    int fd = memfd_create("program", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        return -1;
    elf_image_read(fd, &image);
    if (!memchr(image.interpreter, 0, sizeof image.interpreter) ||
        !memchr(image.detail, 0, sizeof image.detail))
        abort();
    close(fd);
    return 0;
}
