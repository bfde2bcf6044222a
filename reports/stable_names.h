/* The part of a name that stays the same from build to build and from machine to machine. Pure.
 */
#ifndef GORDIAN_REPORTS_STABLE_NAMES_H
#define GORDIAN_REPORTS_STABLE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/report.h"

/* Return how many bytes of a function's name were written by a person: without what a compiler adds to a copy
 * or a part of the function (".isra.0", ".constprop.1", ".part.0", ".cold", ".lto_priv.0", ".llvm.123",
 * " [clone .cold]"). */
size_t stable_function(const char *function);

/* Whether it is the call of a lambda, which compilers number, and name after what is around it or not. */
bool stable_is_lambda(const char *function);

/* Return the base name of a module, and in `length` how much of it is the same in the next version of it:
 * "libfoo.so" of "/usr/lib/libfoo.so.1.2". A note of the kernel's that the file is gone does not count. */
const char *stable_module(const char *path, size_t *length);

/* Whether the frame is the C library's or the loader's: what it does between two functions of the program
 * (qsort, pthread_once, an exit handler) is another thing in each version. */
bool stable_is_libc(const struct report_frame *frame);

/* Whether the frame is of the C library, the loader or a C++ library: what a program calls and does not
 * contain. */
bool stable_is_system(const struct report_frame *frame);

#endif
