#include "detector/search_budgets.h"

#include "detector/table.h"

#define GRANTED 64 /* steps, whatever was spent */
#define DEPOSIT 64 /* steps, with each search */
#define ACCOUNT 64 /* times the bound: what the account holds at most */

struct stack_pair {
    uint32_t held, wanted;
};

struct search_budget {
    UT_hash_handle hh;
    struct stack_pair key;
    uint32_t steps;
};

void search_budgets_init(struct search_budgets *budgets, struct arena *arena, uint32_t bound) {
    *budgets = (struct search_budgets){.arena = arena, .bound = bound, .account = (uint64_t)ACCOUNT * bound};
}

static struct search_budget *find(const struct search_budgets *budgets, uint32_t held_stack,
                                  uint32_t wanted_stack) {
    struct stack_pair key = {held_stack, wanted_stack};
    struct search_budget *budget;
    HASH_FIND(hh, budgets->budgets, &key, sizeof key, budget);
    return budget;
}

static struct search_budget *add(struct search_budgets *budgets, uint32_t held_stack, uint32_t wanted_stack) {
    struct arena *arena = budgets->arena;
    struct search_budget *budget = arena_alloc(arena, sizeof *budget);
    if (!budget)
        return NULL;
    budget->key = (struct stack_pair){held_stack, wanted_stack};
    budget->steps = budgets->bound;
    TABLE_ADD(budgets->budgets, key, budget);
    if (table_holds(budget))
        return budget;
    arena_free(arena, budget, sizeof *budget);
    return NULL;
}

uint32_t search_budgets_get(const struct search_budgets *budgets, uint32_t held_stack,
                            uint32_t wanted_stack) {
    const struct search_budget *budget = find(budgets, held_stack, wanted_stack);
    uint64_t steps = budget ? budget->steps : budgets->bound;
    if (steps > budgets->account)
        steps = budgets->account;
    if (steps < GRANTED)
        steps = budgets->bound < GRANTED ? budgets->bound : GRANTED;
    return (uint32_t)steps;
}

void search_budgets_settle(struct search_budgets *budgets, uint32_t held_stack, uint32_t wanted_stack,
                           uint64_t spent, bool cut, bool found) {
    budgets->account = budgets->account + DEPOSIT > spent ? budgets->account + DEPOSIT - spent : 0;
    if (budgets->account > (uint64_t)ACCOUNT * budgets->bound)
        budgets->account = (uint64_t)ACCOUNT * budgets->bound;

    struct search_budget *budget = find(budgets, held_stack, wanted_stack);
    if (found && budget)
        budget->steps = budgets->bound;
    if (found || !cut || (!budget && !(budget = add(budgets, held_stack, wanted_stack))))
        return;
    budget->steps = budget->steps > GRANTED ? budget->steps / 2 : budget->steps;
}
