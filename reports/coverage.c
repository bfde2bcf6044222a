#define _GNU_SOURCE /* memmem */

#include "reports/coverage.h"

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "reports/frames.h"

/* A name ends in '*' when it is the beginning of names. */
static const struct {
    const char *name;
    enum coverage_family family;
} imports[] = {
    {"pthread_barrier_*", COVERAGE_BARRIER},
    {"mtx_*", COVERAGE_C11_THREADS},
    {"cnd_*", COVERAGE_C11_THREADS},
    {"thrd_*", COVERAGE_C11_THREADS},
    {"call_once", COVERAGE_ONCE},
    {"pthread_once", COVERAGE_ONCE},
    {"pthread_rwlock_*", COVERAGE_RWLOCK},
    {"sem_*", COVERAGE_SEMAPHORE},
    {"pthread_spin_*", COVERAGE_SPIN},
};

static const char *const ignored_modules[] = {"libc.so*",      "libc-*",      "libpthread*", "librt.so*",
                                              "librt-*",       "ld-linux*",   "ld-musl*",    "libgordian.so*",
                                              "libstdc++.so*", "libgcc_s*",   "linux-vdso*", "[vdso]",
                                              "libtsan.so*",   "libasan.so*", NULL};

static const char *const futex_modules[] = {"libglib-2.0.so*", "libgomp.so*", "libQt5Core.so*",
                                            "libQt6Core.so*",  "libstd-*",    NULL};

static const char *const system_directories[] = {"/usr/*", "/lib*",   "/bin/*", "/sbin/*",
                                                 "/opt/*", "/snap/*", NULL};

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

const char *coverage_family_name(enum coverage_family family) {
    static const char *const names[COVERAGE_FAMILIES] = {"barrier", "c11_threads", "futex", "once",
                                                         "rwlock",  "semaphore",   "spin"};
    return names[family];
}

/* Whether the compiler that leaves this mark builds on futexes: rustc names itself in .comment, Go has
 * .go.buildinfo. */
static bool is_rust_or_go(Elf *elf) {
    size_t names;
    if (elf_getshdrstrndx(elf, &names) != 0)
        return false;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        GElf_Shdr header;
        const char *name = gelf_getshdr(section, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;
        if (name && strcmp(name, ".go.buildinfo") == 0)
            return true;
        Elf_Data *data = name && strcmp(name, ".comment") == 0 ? elf_getdata(section, NULL) : NULL;
        if (data && data->d_buf && memmem(data->d_buf, data->d_size, "rustc version", 13))
            return true;
    }
    return false;
}

static bool syscall_is_futex(Elf *elf, const char *path) {
    return matches_any(frames_basename(path), futex_modules) || !matches_any(path, system_directories) ||
           is_rust_or_go(elf);
}

static uint32_t family_bits(Elf *elf, const char *path, const char *name) {
    uint32_t bits = 0;
    for (size_t i = 0; i < sizeof imports / sizeof *imports; i++)
        if (matches(name, imports[i].name))
            bits |= 1u << imports[i].family;
    if (strcmp(name, "syscall") == 0 && syscall_is_futex(elf, path))
        bits |= 1u << COVERAGE_FUTEX;
    return bits;
}

uint32_t coverage_of(Elf *elf, const char *path) {
    uint32_t bits = 0;
    if (matches_any(frames_basename(path), ignored_modules))
        return 0;
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
            if (name && *name)
                bits |= family_bits(elf, path, name);
        }
    }
    return bits;
}
