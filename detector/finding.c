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
