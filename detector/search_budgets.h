/* How much each new dependency may spend on its search for cycles.
 *
 * Code that locks without order (a lock per account, taken in the order of the transfer) makes one large
 * component, in which every search would use up its bound and find only what is known. Two limits keep that
 * cheap, and neither is reached where components are small:
 *   - Each pair of stacks (where the held lock was taken, where the next one was wanted) has its own budget.
 * It begins at the bound, is halved after a search that was cut and found nothing new, and begins anew after
 *     one that found something.
 *   - All searches together draw on one account, which begins at 64 times the bound and gets a little with
 * each search. 64 steps, enough for the cycles of two locks, are always granted.
 *
 * Memory: the arena's; without any left, a pair simply has the whole bound. Not thread-safe.
 */
#ifndef GORDIAN_DETECTOR_SEARCH_BUDGETS_H
#define GORDIAN_DETECTOR_SEARCH_BUDGETS_H

#include <stdbool.h>
#include <stdint.h>

#include "detector/arena.h"

struct search_budget;

struct search_budgets {
    struct arena *arena;
    uint32_t bound;
    uint64_t account;
    struct search_budget *budgets; /* hash table by pair of stacks */
};

/* Make it empty. `bound` is in steps of the search. */
void search_budgets_init(struct search_budgets *budgets, struct arena *arena, uint32_t bound);

/* Return the steps that the next search for these stacks may spend. */
uint32_t search_budgets_get(const struct search_budgets *budgets, uint32_t held_stack, uint32_t wanted_stack);

/* A search for these stacks has spent so many steps, was cut or not, and found something new or not. */
void search_budgets_settle(struct search_budgets *budgets, uint32_t held_stack, uint32_t wanted_stack,
                           uint64_t spent, bool cut, bool found);

#endif
