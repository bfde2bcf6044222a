/* Symbols of loaded ELF files, read from their dynamic sections in memory.
 *
 * dlsym would take the loader's lock, which a dlopen in progress holds while its constructors run; and it
 * does not find what was loaded with RTLD_LOCAL. Nothing here takes a lock or allocates, and any thread may
 * call it while the file stays loaded. System V ABI, chapter 5; the GNU hash table as in binutils and glibc.
 */
#ifndef GORDIAN_INTERPOSE_ELF_H
#define GORDIAN_INTERPOSE_ELF_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

struct elf_file {
    uint64_t bias; /* added to the file's addresses */
    uint64_t start, end;
    const ElfW(Dyn) * dynamic;
};

/* Describe the file that dl_iterate_phdr tells about. Returns false when it has no dynamic section. */
bool elf_told(const struct dl_phdr_info *info, struct elf_file *out);

/* Describe the file that covers `address`. Returns false when there is none, or the libc cannot say. */
bool elf_covering(uint64_t address, struct elf_file *out);

/* Return the address of the function or object that the file defines by this name, and its size (may be
 * NULL); 0 when it defines none. About O(1) with a GNU hash table, else O(symbols). */
uint64_t elf_symbol(const struct elf_file *file, const char *name, uint64_t *size);

#endif
