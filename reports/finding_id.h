/* The identity of a finding: a number that the same bug has in every run, process, build address and machine.
 *
 * It is the 64-bit FNV-1a hash (Fowler, Noll, Vo) of a text. The text says, for each step of the knot, the
 * functions of the stacks that hold and want (with the base name of their module, innermost first, without
 * hooks and without what calls main or a thread's first function), and the variables of the two locks. A line
 * counts only relative to the line on which its function is declared, so code that is added elsewhere in the
 * file changes nothing; a function without a name is its offset in its module. A Python function counts with
 * the base name of its file and without its line, and the interpreter's own frames around it do not. Steps
 * are taken in the rotation that makes the text smallest; thread numbers, addresses and file names are not in
 * it. Locks held that are no part of the knot are left out. When all threads are blocked, the threads that
 * wait alike count once, in no order; of a starvation only the waiter counts. Of a race the stacks of the
 * accesses and the variable count, not who reads and who writes, nor what is held.
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
