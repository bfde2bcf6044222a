#define _GNU_SOURCE /* memmem */

#include "reports/coverage.h"

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "reports/frames.h"

/* A name ends in '*' when it is the beginning of names. */
static const char *const ignored_modules[] = {
    "libc.so*",       "libc-*",      "libpthread*", "librt.so*",   "librt-*",     "ld-linux*", "ld-musl*",
    "libgordian.so*", "linux-vdso*", "[vdso]",      "libtsan.so*", "libasan.so*", NULL};

static const char *const runtimes[] = {"libstdc++.so*", "libgcc_s*", NULL};

static const char *const futex_modules[] = {"libglib-2.0.so*", "libgomp.so*", "libQt5Core.so*",
                                            "libQt6Core.so*",  "libstd-*",    NULL};

static bool matches(const char *text, const char *pattern) {
    size_t length = strlen(pattern);
    if (pattern[length - 1] == '*')
        return strncmp(text, pattern, length - 1) == 0;
    return strcmp(text, pattern) == 0;
}

static bool matches_any(const char *text, const char *const *patterns) {
    for (; *patterns; patterns++)
        if (matches(text, *patterns))
            return true;
    return false;
}

enum mark { MARK_NONE, MARK_RUST, MARK_GO };

/* The compiler that made the file: rustc names itself in .comment, Go has .go.buildinfo. */
static enum mark mark_of(Elf *elf) {
    size_t names;
    if (elf_getshdrstrndx(elf, &names) != 0)
        return MARK_NONE;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        GElf_Shdr header;
        const char *name = gelf_getshdr(section, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;
        if (name && strcmp(name, ".go.buildinfo") == 0)
            return MARK_GO;
        Elf_Data *data = name && strcmp(name, ".comment") == 0 ? elf_getdata(section, NULL) : NULL;
        if (data && data->d_buf && memmem(data->d_buf, data->d_size, "rustc version", 13))
            return MARK_RUST;
    }
    return MARK_NONE;
}

static bool imports_syscall(Elf *elf) {
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        GElf_Shdr header;
        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNSYM || !header.sh_entsize)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        size_t count = data ? data->d_size / header.sh_entsize : 0;
        for (size_t i = 0; i < count; i++) {
            GElf_Sym symbol;
            if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx != SHN_UNDEF)
                continue;
            const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
            if (name && strcmp(name, "syscall") == 0)
                return true;
        }
    }
    return false;
}

bool coverage_has_futexes(Elf *elf, const char *path) {
    const char *name = frames_basename(path);
    if (matches_any(name, ignored_modules) || matches_any(name, runtimes))
        return false;
    enum mark mark = mark_of(elf); /* Go's runtime has its own way into the kernel */
    return mark == MARK_GO ||
           ((mark == MARK_RUST || matches_any(name, futex_modules)) && imports_syscall(elf));
}

bool coverage_ignores(const char *path) {
    return matches_any(frames_basename(path), ignored_modules);
}
