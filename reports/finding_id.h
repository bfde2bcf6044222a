/* The identity of a finding: a number that the same bug has in every run, process, build address and machine.
 *
 * It is the 64-bit FNV-1a hash (Fowler, Noll, Vo) of a text that says, for each side of the knot (sides.h):
 *   - the mode, the kind of the lock and its variable without an offset; a lock without a variable counts
 * with the place that initialised it, unless it is shared between processes;
 *   - each frame of the stack, innermost first, without hooks, without the C library's own frames, and
 * without what calls main or a thread's first function: the base name of the module without a version, the
 *     function without what a compiler adds to the name of a copy (stable_names.h), and the line, relative to
 *     the one on which the function is declared;
 *   - a Python function counts with the base name of its file and without its line, and the interpreter's own
 *     frames around it do not count.
 * Steps are taken in the rotation that makes the text smallest. When all threads are blocked, the threads
 * that wait alike count once, in no order; of a starvation only the waiter counts. Of a race the
 * stacks of the accesses and the variable count, not who reads and who writes, nor what is held.
 *
 * So these change nothing: load addresses, the numbers and names of threads and processes, the order of what
 * happens, directories, code that is added to the file outside of these functions, the order of linking,
 * levels of optimisation that keep the functions, the version of a library. These make it another finding: a
 * lock taken elsewhere, another path to it, an edit inside one of the functions above the call, renaming.
 *
 * Without debug information a frame's place is the distance from the beginning of its function, as long as
 * the symbol table has that, else the offset in the module: the id is another one than with debug
 * information, inlined calls cannot be seen, and it stays the same as long as the code of these functions
 * (without symbols: of the module) does. A separate debug file that is found by the build id is as good as
 * one inside.
 */
#ifndef GORDIAN_REPORTS_FINDING_ID_H
#define GORDIAN_REPORTS_FINDING_ID_H

#include "reports/report.h"

/* The hash of the steps alone: a prediction and its deadlock have the same one. */
uint64_t finding_id_signature(const struct report_finding *finding);

/* The finding's id: its kind and shape with the signature. */
uint64_t finding_id_of(const struct report_finding *finding, uint64_t signature);

/* The hash of a stack alone, as it counts in the identity. */
uint64_t finding_id_stack(const struct report_stack *stack);

#endif
