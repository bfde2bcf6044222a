/* Names and lines for addresses in ELF files, by elfutils (libdwfl, libdw).
 *
 * An image is one ELF file at its own addresses (the recording's address minus the load bias), so processes
 * share it. It is opened when its first address is asked for and its DWARF is read only then; results are
 * kept per address. Names come from DWARF with inlined calls, else from the ELF symbol tables; C++ names are
 * demangled by libstdc++'s __cxa_demangle, which a C program may link. Separate debug files are found by
 * build id and debug link under /usr/lib/debug, and over the network by libdebuginfod where DEBUGINFOD_URLS
 * is set. libc and the loader give names without lines.
 *
 * A file is used only if it is the one that ran: its build id must be the recorded one, and without one it
 * must be no younger than the process. If it is another one, its separate debug file is tried by the recorded
 * build id; what then has no name is given as module and offset, and a remark says so once.
 *
 * Not thread-safe. All memory belongs to the symbols. libelf must trust the files' structure more than we
 * would: the paths come from the recording, so make reports of strangers' recordings on a machine without
 * their binaries.
 */
#ifndef GORDIAN_REPORTS_SYMBOLS_H
#define GORDIAN_REPORTS_SYMBOLS_H

#include <libelf.h>
#include <stddef.h>
#include <stdint.h>

#include "reports/report.h"

struct symbols;
struct symbols_image;

struct symbols *symbols_create(void);
void symbols_free(struct symbols *symbols);

/* Return the image of the file, opening nothing yet. "[vdso]" is the kernel's. `started_ns`: when the process
 * started (CLOCK_REALTIME). */
struct symbols_image *symbols_image(struct symbols *symbols, const char *path, const uint8_t *build_id,
                                    size_t build_id_size, uint64_t started_ns);

/* The frames at `address` of the image: the innermost inlined call first, the function that it was inlined
 * into last. At least one, which may have no name. `image` may be NULL: an address in no module. */
struct report_stack symbols_frames(struct symbols *symbols, struct symbols_image *image, uint64_t address);

/* The name of the variable (a data symbol that covers `address`) with the distance from its beginning; NULL
 * when there is none. A compiler's number behind a local static's name is left out. */
const char *symbols_variable(struct symbols_image *image, uint64_t address, uint64_t *distance);

/* The image's own file for other uses, NULL when it cannot be used. */
Elf *symbols_elf(struct symbols_image *image);

/* One line about a file that could not be used, NULL when there are no more. */
const char *symbols_remark(const struct symbols *symbols, size_t index);

#endif
