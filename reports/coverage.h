/* Which modules synchronise with futexes of their own, which no hook of locks sees.
 *
 * Whoever waits in one of them waits behind gordian's back, so its absence from the findings means nothing
 * there. The library records the modules that make futex calls through libc's syscall(). That is not all:
 * such a call is made only when threads meet, and some modules ask the kernel directly. So modules that are
 * known to build on futexes count by their name (glib, Qt, libgomp, Rust's shared library) or by the mark of
 * their compiler (rustc, Go), if they have the means. The C library, the dynamic loader, libgordian.so and
 * the C and C++ runtimes are in every process and count only when a call was seen.
 *
 * Stateless; thread-safe as far as libelf is.
 */
#ifndef GORDIAN_REPORTS_COVERAGE_H
#define GORDIAN_REPORTS_COVERAGE_H

#include <libelf.h>
#include <stdbool.h>

/* Whether the ELF file of that path is known to synchronise with futexes of its own. */
bool coverage_has_futexes(Elf *elf, const char *path);

/* Whether futex calls of the module say nothing about the program: libc, the loader, a sanitizer, gordian. */
bool coverage_ignores(const char *path);

#endif
