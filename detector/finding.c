#include "detector/finding.h"

#include <stddef.h>

static const char *const kind_names[FINDING_KINDS] = {
    [FINDING_DEADLOCK_POTENTIAL] = "deadlock.potential",
    [FINDING_DEADLOCK_ACTUAL] = "deadlock.actual",
    [FINDING_HANG_ALL_BLOCKED] = "hang.all_blocked",
    [FINDING_MISUSE_UNLOCK_UNLOCKED] = "misuse.unlock_unlocked",
    [FINDING_MISUSE_UNLOCK_NOT_OWNER] = "misuse.unlock_not_owner",
    [FINDING_MISUSE_RELOCK] = "misuse.relock",
    [FINDING_MISUSE_DESTROY_LOCKED] = "misuse.destroy_locked",
    [FINDING_MISUSE_DESTROY_WAITED] = "misuse.destroy_waited",
    [FINDING_MISUSE_USE_DESTROYED] = "misuse.use_destroyed",
    [FINDING_MISUSE_INIT_LOCKED] = "misuse.init_locked",
    [FINDING_MISUSE_EXIT_HOLDING] = "misuse.exit_holding",
    [FINDING_MISUSE_WAIT_UNLOCKED] = "misuse.wait_unlocked",
    [FINDING_MISUSE_COND_TWO_MUTEXES] = "misuse.cond_two_mutexes",
    [FINDING_MISUSE_SEM_OVERFLOW] = "misuse.sem_overflow",
    [FINDING_MISUSE_FORK_HELD] = "misuse.fork_held",
    [FINDING_MISUSE_BAD_JOIN] = "misuse.bad_join",
    [FINDING_MISUSE_BAD_BARRIER] = "misuse.bad_barrier",
    [FINDING_BLOCKING_WAIT_HOLDING] = "blocking.wait_holding",
    [FINDING_STARVATION] = "starvation",
    [FINDING_ORDER_SINGLE_THREAD] = "order.single_thread",
    [FINDING_MISUSE_ASSERTION] = "misuse.assertion",
    [FINDING_RACE_DATA] = "race.data",
};

static const char *const shape_names[FINDING_SHAPES] = {
    [FINDING_SHAPE_NONE] = "none",         [FINDING_SHAPE_CYCLE] = "cycle", [FINDING_SHAPE_SELF] = "self",
    [FINDING_SHAPE_ORPHANED] = "orphaned", [FINDING_SHAPE_JOIN] = "join",   [FINDING_SHAPE_SIGNAL] = "signal",
    [FINDING_SHAPE_MIXED] = "mixed",
};

static const char *const severity_names[] = {
    [FINDING_NOTE] = "note",
    [FINDING_WARNING] = "warning",
    [FINDING_ERROR] = "error",
};

const char *finding_kind_name(uint32_t kind) {
    return kind < FINDING_KINDS ? kind_names[kind] : NULL;
}

const char *finding_shape_name(uint32_t shape) {
    return shape < FINDING_SHAPES ? shape_names[shape] : NULL;
}

const char *finding_severity_name(uint32_t severity) {
    return severity <= FINDING_ERROR ? severity_names[severity] : NULL;
}
