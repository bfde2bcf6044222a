/* Names that a person recognises, for locks, threads and places. Strings come from the pool that is passed.
 */
#ifndef GORDIAN_REPORTS_NAMES_H
#define GORDIAN_REPORTS_NAMES_H

#include "reports/memory.h"
#include "reports/report.h"

/* The words for a kind of lock: "mutex", "thread", "rwlock", "spin lock", "semaphore", "condition",
 * "barrier", "once control", "stream", "file", "global interpreter lock", "gate", "unknown lock",
 * "memory"; "lock" when not known. */
const char *names_kind(uint32_t kind);

/* A demangled function without its return type and parameters: "bank::transfer<int>" of "void
 * bank::transfer<int>(int, bank::account&)", and with "<...>" for the template arguments of a name that is
 * very long. Other names, and those that are not understood, come back as they are. */
const char *names_short(struct memory_pool *pool, const char *function);

/* Where the qualified name begins in a demangled function: behind the return type that templates have. */
const char *names_qualified(const char *function);

/* "bank.c:12 in account_open", as far as it is known: else "account_open in libbank.so", else
 * "libbank.so+0x12a0". NULL for an empty stack. */
const char *names_place(struct memory_pool *pool, const struct report_stack *stack);

/* The name of a lock that `variable` covers ("table" or "table+0x40"), or when that is NULL, of one that is
 * known by where it was initialised, else where it was locked first, else by its address or inode. The GIL is
 * "the GIL", libc's own streams are "stdin", "stdout" and "stderr". */
const char *names_lock(struct memory_pool *pool, const struct report_lock *lock, const char *variable,
                       uint64_t distance);

/* The name of a thread: "main" for the first one; "an unknown thread" for number 0; its own if it gave itself
 * one (a name that is not what it inherited from the program of path `exe`); else "thread T3". */
const char *names_thread(struct memory_pool *pool, const char *id, uint32_t thread, const char *name,
                         const char *exe);

/* What the lock was made for: " between processes", " for 3 threads"; "" when there is nothing to tell. */
const char *names_purpose(struct memory_pool *pool, const struct report_lock *lock);

#endif
