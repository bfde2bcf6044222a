#include "reports/verbs.h"

#include <stddef.h>

#include "detector/recording.h"

struct verbs {
    const char *wants, *blocked, *holds, *holding, *taken;
};

static const struct verbs exclusive[LOCK_KINDS] = {
    [0] = {"locks", "waits for", "holds", "holding", "locked"},
    [LOCK_KIND_MUTEX] = {"locks", "waits for", "holds", "holding", "locked"},
    [LOCK_KIND_THREAD] = {"joins", "waits for the end of", "holds", "holding", "created"},
    [LOCK_KIND_RWLOCK] = {"write-locks", "waits to write-lock", "holds the write lock of",
                          "holding the write lock of", "locked"},
    [LOCK_KIND_SPIN] = {"locks", "waits for", "holds", "holding", "locked"},
    [LOCK_KIND_SEMAPHORE] = {"takes", "waits for", "has taken", "having taken", "taken"},
    [LOCK_KIND_CONDITION] = {"waits for", "waits for", "waits for", "waiting for", "waited for"},
    [LOCK_KIND_BARRIER] = {"waits at", "waits at", "waits at", "waiting at", "reached"},
    [LOCK_KIND_ONCE] = {"waits for the init routine of", "waits for the init routine of",
                        "runs the init routine of", "running the init routine of", "called"},
    [LOCK_KIND_STREAM] = {"locks", "waits for", "holds", "holding", "locked"},
    [LOCK_KIND_FILE] = {"locks", "waits for", "holds", "holding", "locked"},
    [LOCK_KIND_GIL] = {"takes", "waits for", "holds", "holding", "taken"},
    [LOCK_KIND_GATE] = {"enters", "waits to enter", "is in", "being in", "entered"},
    [LOCK_KIND_UNSEEN] = {"locks", "waits for", "holds", "holding", "locked"},
    [LOCK_KIND_MEMORY] = {"writes", "writes", "uses", "using", "allocated"},
};

static const struct verbs shared_rwlock = {"read-locks", "waits to read-lock", "holds the read lock of",
                                           "holding the read lock of", "locked"};
static const struct verbs shared_file = {"takes a shared lock of", "waits for a shared lock of",
                                         "holds a shared lock of", "holding a shared lock of", "locked"};
static const struct verbs shared_memory = {"reads", "reads", "uses", "using", "allocated"};

static const struct verbs *verbs_of(uint32_t kind, uint32_t mode) {
    if (mode == LOCK_SHARED && kind == LOCK_KIND_RWLOCK)
        return &shared_rwlock;
    if (mode == LOCK_SHARED && kind == LOCK_KIND_FILE)
        return &shared_file;
    if (mode == LOCK_SHARED && kind == LOCK_KIND_MEMORY)
        return &shared_memory;
    return &exclusive[kind < LOCK_KINDS ? kind : 0];
}

const char *verbs_wants(uint32_t kind, uint32_t mode, bool blocked) {
    const struct verbs *verbs = verbs_of(kind, mode);
    return blocked ? verbs->blocked : verbs->wants;
}

const char *verbs_holds(uint32_t kind, uint32_t mode) {
    return verbs_of(kind, mode)->holds;
}

const char *verbs_holding(uint32_t kind, uint32_t mode) {
    return verbs_of(kind, mode)->holding;
}

const char *verbs_taken(uint32_t kind) {
    return verbs_of(kind, LOCK_EXCLUSIVE)->taken;
}
