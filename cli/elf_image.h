/* An ELF file, as far as starting it matters. Every offset and size in it is checked; a damaged file is told,
 * never believed. Thread-safe.
 */
#ifndef GORDIAN_CLI_ELF_IMAGE_H
#define GORDIAN_CLI_ELF_IMAGE_H

#include <limits.h>

enum elf_image_kind {
    ELF_IMAGE_NONE,    /* not an ELF file */
    ELF_IMAGE_DAMAGED, /* it says that it is one, and is cut off or inconsistent */
    ELF_IMAGE_FOREIGN, /* of another architecture than this command */
    ELF_IMAGE_OBJECT,  /* nothing to execute: an object file, a core dump */
    ELF_IMAGE_STATIC,  /* asks for no dynamic loader, so nothing can be preloaded */
    ELF_IMAGE_DYNAMIC
};

struct elf_image {
    enum elf_image_kind kind;
    char detail[96];            /* DAMAGED: what is wrong; FOREIGN: which architecture; OBJECT: which type */
    char interpreter[PATH_MAX]; /* DYNAMIC: the loader */
};

/* Read the file open at `fd`. Its position does not matter and stays. */
void elf_image_read(int fd, struct elf_image *image);

/* The architecture of this command, as `detail` would name it. */
const char *elf_image_native(void);

#endif
