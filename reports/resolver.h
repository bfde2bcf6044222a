/* Turns the ids of one recording into the parts of a report: stacks with names, threads, locks.
 *
 * Each id is resolved once and the same object is returned ever after, so objects can be compared by address.
 * An id that the recording does not explain gives an object that says so ("thread T9", a stack without
 * frames), never NULL, except lock 0, which is none.
 *
 * Not thread-safe. Results belong to the pool and the symbols, which must outlive them.
 */
#ifndef GORDIAN_REPORTS_RESOLVER_H
#define GORDIAN_REPORTS_RESOLVER_H

#include "reports/facts.h"
#include "reports/memory.h"
#include "reports/report.h"
#include "reports/symbols.h"
#include "reports/table.h"

struct resolver {
    struct facts *facts;
    struct symbols *symbols;
    struct memory_pool *pool;
    struct table stacks, pythons, threads, locks;
};

void resolver_init(struct resolver *resolver, struct facts *facts, struct symbols *symbols,
                   struct memory_pool *pool);
void resolver_free(struct resolver *resolver);

/* The frames of the stack, those of its Python functions first. */
struct report_stack resolver_stack(struct resolver *resolver, uint32_t stack);

/* The frames of a single address, at the end of the log as it is now. */
struct report_stack resolver_address(struct resolver *resolver, uint64_t address);

/* The thread as it was known when it was first asked for. */
const struct report_thread *resolver_thread(struct resolver *resolver, uint32_t thread);
const struct report_lock *resolver_lock(struct resolver *resolver, uint32_t lock);

/* The module that makes the futex calls; NULL when none that is known covers the address. */
const struct facts_module *resolver_module(struct resolver *resolver, const struct facts_futex_user *user);

/* The image that `module` was loaded from. */
struct symbols_image *resolver_image(struct resolver *resolver, const struct facts_module *module);

#endif
