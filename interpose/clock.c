#define _GNU_SOURCE
#include "interpose/clock.h"

#include <sys/auxv.h>
#include <time.h>

#include "interpose/elf.h"
#include "interpose/raw.h"

#if defined(__aarch64__)
#define VDSO_NAME "__kernel_clock_gettime"
#else
#define VDSO_NAME "__vdso_clock_gettime"
#endif

/* The kernel's own code in every process (vdso(7)): 30 ns instead of the 300 ns of a system call. */
static int (*from_vdso)(clockid_t clock, struct timespec *now);

void clock_start(void) {
    const ElfW(Ehdr) *image = (const ElfW(Ehdr) *)getauxval(AT_SYSINFO_EHDR);
    struct elf_file file;
    if (!image)
        return;
    struct dl_phdr_info info = {.dlpi_phdr = (const ElfW(Phdr) *)((const char *)image + image->e_phoff),
                                .dlpi_phnum = image->e_phnum};
    for (unsigned i = 0; i < info.dlpi_phnum; i++)
        if (info.dlpi_phdr[i].p_type == PT_LOAD) {
            info.dlpi_addr = (uintptr_t)image + info.dlpi_phdr[i].p_offset - info.dlpi_phdr[i].p_vaddr;
            break;
        }
    if (elf_told(&info, &file))
        from_vdso = (int (*)(clockid_t, struct timespec *))elf_symbol(&file, VDSO_NAME, NULL);
}

uint64_t clock_ns(int clock) {
    struct timespec now = {0};
    if (!from_vdso || from_vdso(clock, &now) != 0)
        raw_syscall(SYS_clock_gettime, clock, (long)&now, 0, 0, 0, 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
