#include "interpose/misuse.h"

#include "interpose/findings.h"
#include "interpose/session.h"
#include "interpose/stack_store.h"
#include "interpose/threads.h"
#include "interpose/waits.h"

struct misuse_foreign misuse_foreign_owner(struct thread *t, uint32_t lock) {
    struct misuse_foreign foreign = {0};
    session_enter(t);
    for (struct thread *owner = threads_first(); owner && !foreign.owner; owner = owner->next) {
        const struct recording_held *held = owner != t && owner->slot->state != RECORDING_SLOT_FREE
                                                ? waits_account_of(owner, lock, LOCK_EXCLUSIVE)
                                                : NULL;
        if (held)
            foreign = (struct misuse_foreign){owner->id, held->mode, held->stack, held->site};
    }
    findings_forget_orphan(lock);
    session_leave(t);
    return foreign;
}

void misuse_foreign_unlock(struct thread *t, uint32_t lock, const struct misuse_foreign *foreign,
                           struct stack_record *stack, const struct call_site *call) {
    session_enter(t);
    struct thread *owner = threads_at(foreign->owner);
    /* Another thread's stack cannot be compared from here: unless it is recorded, its innermost call is what
     * is known. */
    uint32_t taken = foreign->stack ? foreign->stack : stack_store_intern(&foreign->site, 1, true);
    struct lock_hold hold = {lock, foreign->mode, taken};
    struct lock_hold unlock = {lock, LOCK_EXCLUSIVE, stack ? stack_memo_resolve(t, stack, false, call) : 0};
    struct finding_step steps[2] = {{.thread = t->id, .wants = unlock},
                                    {.thread = foreign->owner, .holds_count = 1, .holds = &hold}};
    findings_add_once(&(struct finding){.kind = FINDING_MISUSE_UNLOCK_NOT_OWNER,
                                        .severity = FINDING_ERROR,
                                        .steps_count = 2,
                                        .steps = steps},
                      (uint64_t)unlock.stack << 32 | taken);
    if (owner)
        findings_disown(owner, lock);
    session_leave(t);
}
