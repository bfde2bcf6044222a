#include "tests/torture/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/torture/machine.h"

static const struct act *some_act(struct dice *dice) {
    uint32_t all = 0, at;
    for (uint32_t i = 0; i < acts_count; i++)
        all += acts[i].weight;
    at = dice_throw(dice, all);
    for (uint32_t i = 0;; i++) {
        if (at < acts[i].weight)
            return &acts[i];
        at -= acts[i].weight;
    }
}

static void fill(struct program *program, struct item *item, const struct act *act, struct dice *dice) {
    item->act = act;
    item->thread = dice_throw(dice, program->threads);
    item->other = (item->thread + 1 + dice_throw(dice, program->threads - 1)) % program->threads;
    item->seed = (uint64_t)dice_throw(dice, UINT32_MAX) << 32 | dice_throw(dice, UINT32_MAX);
}

void program_make(struct program *program, uint64_t seed) {
    struct dice dice = {seed};
    memset(program, 0, sizeof *program);
    program->seed = seed;
    program->threads = 2 + dice_throw(&dice, PROGRAM_THREADS - 1);
    program->locks = 4 + dice_throw(&dice, PROGRAM_LOCKS - 3);
    program->count = 20 + dice_throw(&dice, PROGRAM_ITEMS - 20);
    program->planted = program->count;
    /* One program in four has few items, which makes failures easier to read. */
    if (dice_throw(&dice, 4) == 0)
        program->count = program->planted = 5 + dice_throw(&dice, 10);
    for (uint32_t i = 0; i < program->count; i++)
        fill(program, &program->items[i], some_act(&dice), &dice);
    if (seed % 2 == 0)
        return;
    program->planted = dice_throw(&dice, program->count);
    fill(program, &program->items[program->planted], &plants[dice_throw(&dice, plants_count)], &dice);
}

bool program_keep(struct program *program, const char *numbers) {
    bool kept[PROGRAM_ITEMS] = {false};
    if (program->planted < program->count)
        kept[program->planted] = true;
    while (*numbers) {
        char *end;
        unsigned long n = strtoul(numbers, &end, 10);
        if (end == numbers || n >= program->count || (*end && *end != ','))
            return false;
        kept[n] = true;
        numbers = *end ? end + 1 : end;
    }
    for (uint32_t i = 0; i < program->count; i++)
        if (!kept[i])
            program->items[i].act = NULL;
    return true;
}

void program_print(const struct program *program) {
    printf("seed %llu: %u threads, %u locks\n", (unsigned long long)program->seed, program->threads,
           program->locks);
    for (uint32_t i = 0; i < program->count; i++) {
        const struct item *item = &program->items[i];
        if (!item->act)
            continue;
        printf("%4u  %-10s thread %u", i, item->act->name, item->thread);
        if (item->act->second)
            printf(" and %u", item->other);
        printf("%s\n", i == program->planted ? "  (the knot)" : "");
    }
}
