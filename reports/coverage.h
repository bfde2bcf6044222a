/* Which primitives a program uses that this version does not see.
 *
 * A module that imports a function of such a family may synchronise behind gordian's back, so its absence
 * from the findings means nothing there. What is told is the import, not the call: "may be used". The C
 * library, the dynamic loader, libgordian.so and the C and C++ runtimes import such functions in every
 * process and are left out.
 *
 * "futex": a module that talks to the kernel itself does so through libc's syscall(), which is also used for
 * much else. It counts where futexes are known to be its purpose (glib, Qt, libgomp; programs by rustc and
 * Go) and in modules outside the system's directories, the program's own code.
 *
 * Stateless; thread-safe as far as libelf is.
 */
#ifndef GORDIAN_REPORTS_COVERAGE_H
#define GORDIAN_REPORTS_COVERAGE_H

#include <libelf.h>
#include <stdint.h>

enum coverage_family {
    COVERAGE_BARRIER = 0,
    COVERAGE_C11_THREADS,
    COVERAGE_FUTEX,
    COVERAGE_ONCE,
    COVERAGE_RWLOCK,
    COVERAGE_SEMAPHORE,
    COVERAGE_SPIN,
    COVERAGE_FAMILIES
};

/* The contract's name of a family, in the order of the alphabet: "barrier", "c11_threads", "futex", "once",
 * "rwlock", "semaphore", "spin". */
const char *coverage_family_name(enum coverage_family family);

/* Return the families (bits 1 << enum coverage_family) that the ELF file of that path imports. */
uint32_t coverage_of(Elf *elf, const char *path);

#endif
