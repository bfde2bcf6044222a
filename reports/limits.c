#include "reports/limits.h"

#include "reports/numbers.h"

size_t limits_of(struct memory_pool *pool, const struct report_process *process,
                 const char *texts[LIMITS_MAX]) {
    size_t count = 0;
    const char *who = memory_pool_format(pool, "pid %u", process->pid);
    if (process->state == RECORDING_OFF)
        texts[count++] =
            memory_pool_format(pool, "%s: gordian turned itself off: %s", who, process->off_reason);
    if (process->state == RECORDING_STARTING)
        texts[count++] =
            memory_pool_format(pool, "%s: gordian was not at work yet when the recording ends", who);
    if (process->cut_searches)
        texts[count++] = memory_pool_format(
            pool,
            "%s: %s search%s for cycles reached the bound of %u steps: longer cycles may be "
            "missing (raise it with GORDIAN_OPTIONS=max_steps=N)",
            who, numbers_count(pool, process->cut_searches), process->cut_searches == 1 ? "" : "es",
            process->max_steps);
    if (process->unlisted_cycles)
        texts[count++] = memory_pool_format(
            pool,
            "%s: further cycles through the lock orders above are counted, not listed (%s times; "
            "GORDIAN_OPTIONS=max_per_edge=N lists more than %u through one order, max_cycles=N "
            "more than %u)",
            who, numbers_count(pool, process->unlisted_cycles), process->max_per_edge, process->max_cycles);
    if (process->unkept_dependencies)
        texts[count++] = memory_pool_format(
            pool,
            "%s: %s lock order%s not kept, because more than %u threads took the same two locks: "
            "cycles with later ones may be missing (raise it with GORDIAN_OPTIONS=max_uses=N)",
            who, numbers_count(pool, process->unkept_dependencies),
            process->unkept_dependencies == 1 ? " was" : "s were", process->max_uses);
    if (process->crowded_dependencies)
        texts[count++] = memory_pool_format(
            pool,
            "%s: %s acquisition%s with more than %u locks held %s not looked at: cycles through "
            "them may be missing (raise it with GORDIAN_OPTIONS=max_held=N)",
            who, numbers_count(pool, process->crowded_dependencies),
            process->crowded_dependencies == 1 ? "" : "s", process->max_held,
            process->crowded_dependencies == 1 ? "was" : "were");
    if (process->lost & RECORDING_LOST_STACK)
        texts[count++] =
            memory_pool_format(pool,
                               "%s: some stacks were deeper than %u frames and were cut (raise it with "
                               "GORDIAN_OPTIONS=stack_depth=N)",
                               who, process->stack_depth);
    if (process->lost & RECORDING_LOST_SPACE)
        texts[count++] =
            memory_pool_format(pool, "%s: the disk was full: what happened after that is not recorded", who);
    if (process->lost & RECORDING_LOST_MEMORY)
        texts[count++] =
            memory_pool_format(pool, "%s: memory ran out: some lock orders were not followed", who);
    if (process->dropped)
        texts[count++] =
            memory_pool_format(pool, "%s: %s record%s could not be written", who,
                               numbers_count(pool, process->dropped), numbers_plural(process->dropped));
    return count;
}
