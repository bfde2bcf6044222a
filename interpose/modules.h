/* Modules: which ELF files are mapped where, as facts of the recording. For the holder of the session's lock.
 *
 * dlopen is not hooked: glibc takes its caller's address to choose search paths and namespace, and a wrapper
 * would be that caller. A module is recorded when an address in it is first needed, through _dl_find_object,
 * which takes no lock.
 */
#ifndef GORDIAN_INTERPOSE_MODULES_H
#define GORDIAN_INTERPOSE_MODULES_H

#include <stdbool.h>
#include <stdint.h>

/* Record every module that is loaded now. From the constructor. */
void modules_start(void);

/* Record the known modules in the new recording of a forked child. */
void modules_restart(void);

/* Record the module that covers `address`, if there is one and it is not known yet. */
void modules_note(uint64_t address);

/* A dlclose has returned: record the end of every module that is gone, and tell `gone` its addresses. Returns
 * whether one is. */
bool modules_check(void (*gone)(uint64_t start, uint64_t end));

/* Return the path of the known module that covers `address` and set *offset to the address in its file, or
 * NULL. */
const char *modules_find(uint64_t address, uint64_t *offset);

#endif
