#include "interpose/objects.h"

#include "interpose/findings.h"
#include "interpose/gil.h"
#include "interpose/parties.h"

static bool begins(struct object_change *change, const void *object, uint32_t kind,
                   const struct call_site *call) {
    struct thread *t = hooks_thread();
    *change = (struct object_change){.object = object, .kind = kind};
    if (gil_within(object))
        return false;
    if (!t || (!thread_plain(t) && hooks_mode(t, call) != HOOK_FULL))
        return false;
    change->thread = t;
    return true;
}

void object_init_begins(struct object_change *change, const void *object, uint32_t kind,
                        const struct call_site *call) {
    if (!begins(change, object, kind, call))
        return;
    KEEP_ERRNO;
    change->misuse = misuse_init_look(change->thread, object, kind);
    change->lock = change->misuse.kind ? lock_table_find_kind(object, kind) : 0;
    change->stack = stack_memo_find(&change->thread->memo, change->thread, call);
}

void object_init_ends(struct object_change *change, int result, const struct call_site *call) {
    struct thread *t = change->thread;
    if (!t)
        return;
    KEEP_ERRNO;
    if (change->misuse.kind && result == 0) {
        misuse_report(t, change->misuse.kind, FINDING_ERROR, change->lock, LOCK_EXCLUSIVE, change->stack,
                      call, &change->misuse.holder);
        findings_disown_holder(t, change->misuse.holder.thread, change->lock);
    }
    change->lock = result == 0 ? locks_init(t, change->object, change->kind, change->stack, call) : 0;
}

void object_destroy_begins(struct object_change *change, const void *object, uint32_t kind,
                           const struct call_site *call) {
    if (!begins(change, object, kind, call))
        return;
    KEEP_ERRNO;
    struct thread *t = change->thread;
    change->lock = lock_table_find_kind(object, kind);
    change->misuse = misuse_destroy_look(t, object, kind);
    change->stack = stack_memo_find(&t->memo, t, call);
    if (!change->misuse.kind)
        return;
    misuse_report(t, change->misuse.kind, FINDING_ERROR, change->lock, LOCK_EXCLUSIVE, change->stack, call,
                  &change->misuse.holder);
    /* glibc's waits until the last one has left: it is woken by whatever wakes those that wait. */
    if (kind != LOCK_KIND_BARRIER && kind != LOCK_KIND_CONDITION)
        return;
    change->wait =
        (struct wait){.kind = kind == LOCK_KIND_BARRIER ? WAIT_BARRIER : WAIT_CONDITION,
                      .target = change->lock,
                      .mode = parties_high(__atomic_load_n(&locks_at(change->lock)->word, __ATOMIC_SEQ_CST)),
                      .address = object,
                      .stack = change->stack};
    change->waits = true;
    waits_begin(t, &change->wait, call);
}

void object_destroy_ends(struct object_change *change, int result, const struct call_site *call) {
    struct thread *t = change->thread;
    if (!t)
        return;
    KEEP_ERRNO;
    if (change->waits)
        waits_over(t, &change->wait);
    if (result != 0)
        return;
    locks_destroy(t, change->object, change->kind, change->stack, call);
}

void object_shared(const struct object_change *change) {
    KEEP_ERRNO;
    session_enter(change->thread);
    locks_share(change->lock);
    session_leave(change->thread);
}
