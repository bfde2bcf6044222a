#include "interpose/stack_memo.h"

#include <string.h>

#include "interpose/raw.h"
#include "interpose/session.h"
#include "interpose/stack_store.h"
#include "interpose/thread.h"
#include "interpose/unwinder.h"

#define REGION_BYTES (64u << 10)
#define SMALLEST_CLASS 7 /* blocks of 128 bytes and up, by powers of two */
#define DEEPEST 4096     /* the stack_depth option's upper bound */

/* Matches no call: no return address is 0. Shared by all threads, never written. */
static const uint64_t always_zero;
static struct {
    struct stack_record record;
    struct stack_slot slots[4];
} nothing = {.slots = {{&always_zero, 0}, {&always_zero, 0}, {&always_zero, 0}, {&always_zero, 0}}};

void stack_memo_init(struct stack_memo *memo) {
    for (uint32_t i = 0; i < 1u << STACK_MEMO_BITS; i++)
        memo->records[i] = &nothing.record;
}

static uint32_t class_of(size_t bytes) {
    uint32_t class = SMALLEST_CLASS;
    while (((size_t)1 << class) < bytes)
        class ++;
    return class - SMALLEST_CLASS;
}

static struct stack_record *block_alloc(struct stack_memo *memo, size_t bytes) {
    uint32_t class = class_of(bytes);
    size_t size = (size_t)1 << (class + SMALLEST_CLASS);
    struct stack_record *block = memo->freed[class];
    if (block) {
        memo->freed[class] = *(struct stack_record **)block;
    } else {
        if (size > (size_t)(memo->end - memo->next)) {
            size_t region = size > REGION_BYTES ? size : REGION_BYTES;
            memo->next = raw_pages(region);
            memo->end = memo->next ? memo->next + region : NULL;
            if (!memo->next)
                return NULL;
        }
        block = (struct stack_record *)memo->next;
        memo->next += size;
    }
    block->bytes = (uint32_t)bytes;
    return block;
}

static void block_free(struct stack_memo *memo, struct stack_record *block) {
    memo->evicted++;
    uint32_t class = class_of(block->bytes);
    *(struct stack_record **)block = memo->freed[class];
    memo->freed[class] = block;
}

/* What is derived from how much is compared. */
static void stack_record_settle(struct stack_record *record) {
    bool certain = record->check == record->slots_count && !record->doubtful;
    bool learns = record->check > record->near && record->calm >= 0;
    record->tag = (uint64_t)(uintptr_t)record | certain;
    record->watch = learns ? 0 : record->calm < 0 ? ~(uint64_t)0 : record->limit;
}

/* From here on it compares all. */
static void stack_record_distrust(struct stack_record *record) {
    record->calm = -1;
    record->check = record->slots_count;
    stack_record_settle(record);
}

void stack_memo_learn(struct stack_record *record, uint64_t sp) {
    if (sp > record->limit) {
        stack_record_distrust(record);
    } else if (record->check > record->near && record->calm >= 0 && ++record->calm >= 32) {
        record->check = record->near;
        stack_record_settle(record);
    }
}

/* Held entries that still point to the record get its stack now, since the record is about to go. */
static void settle(struct thread *t, struct stack_record *record, const struct call_site *now) {
    for (uint32_t i = 0; i < t->slot->held_count; i++) {
        struct recording_held *held = &t->held[i];
        if (thread_record(held) != record)
            continue;
        if (!held->stack) {
            session_enter(t);
            held->stack = stack_memo_resolve(t, record, thread_certain(held), now);
            session_leave(t);
        }
        held->private[0] = 0;
    }
}

bool stack_memo_check(struct stack_record *record) {
    uint64_t differs = 0, page = 0;
    for (uint32_t i = 4; record->foreign && i < record->check; i++) {
        uint64_t at = (uint64_t)(uintptr_t)record->slots[i].at;
        if (at >> 12 != page && !unwinder_readable(at))
            return false;
        page = at >> 12;
    }
    for (uint32_t i = 4; i < record->check; i++)
        differs |= *record->slots[i].at ^ record->slots[i].value;
    if (!differs && record->doubtful && record->check == record->slots_count) {
        record->doubtful = false;
        stack_record_settle(record);
    }
    return !differs;
}

/* A stack being walked: slots and addresses in the order of discovery, in this thread's scratch memory. */
struct walk {
    struct stack_slot *slots;
    uint64_t *addresses;
    uint32_t slots_count, frames;
    uint32_t near;        /* slots found within the first two steps */
    uint32_t near_frames; /* frames known by then */
    bool first_bp;        /* the first frames' own frame pointer counted */
    bool cut, stable;
    bool foreign; /* a slot is not on the thread's own stack */
    uint64_t handler_pc, handler_sp;
};

static void walk_stack(struct thread *t, const struct call_site *call, uint32_t depth, struct walk *w) {
    struct unwinder_frame frame = {call->pc, call->sp, call->bp, false};
    struct unwinder_step step;
    uint64_t bp_from = 0; /* slot that the current frame pointer was read from; 0: the caller's register */
    bool bp_noted = false;
    w->stable = true;
    w->addresses[w->frames++] = call->pc - 1;
    w->foreign = call->sp < t->stack_low || call->sp >= t->stack_high;
    for (uint32_t steps = 1;; steps++) {
        if (w->frames == depth) {
            struct unwinder_frame beyond = frame;
            w->cut = unwinder_step(t, &beyond, &step);
            return;
        }
        uint64_t sp = frame.sp, bp = frame.bp;
        bool moved = unwinder_step(t, &frame, &step);
        w->stable &= step.stable;
        if (step.used_bp && !bp_noted) {
            bp_noted = true;
            if (bp_from)
                w->slots[w->slots_count++] = (struct stack_slot){(const uint64_t *)bp_from, bp};
            else
                w->first_bp = true;
        }
        if (!moved)
            return;
        /* Stacks that do not simply grow upwards (a signal frame on another stack) are not looked up again:
         * their outer part may be unmapped while the inner part is the same. */
        w->stable &= frame.sp > sp && step.return_slot >= sp;
        w->foreign |= frame.sp > t->stack_high;
        if (step.return_slot)
            w->slots[w->slots_count++] = (struct stack_slot){(const uint64_t *)step.return_slot, frame.pc};
        if (step.bp_slot) {
            bp_from = step.bp_slot;
            bp_noted = false;
        }
        if (frame.exact && !w->handler_pc && w->frames >= 2) {
            w->handler_pc = w->addresses[w->frames - 2]; /* the last one is libc's return from the handler */
            w->handler_sp = sp;
        }
        w->addresses[w->frames++] = frame.pc - !frame.exact;
        if (steps <= 2) {
            w->near = w->slots_count;
            w->near_frames = w->frames;
        }
    }
}

/* The first four slots are read before anything else is looked at: a foreign stack's come after them. */
static struct stack_record *make_record(struct stack_memo *memo, const struct call_site *call,
                                        const struct walk *w) {
    uint32_t before = w->foreign ? 4 : 0, slots = w->slots_count + before;
    if (slots < 4)
        slots = 4;
    struct stack_record *r =
        block_alloc(memo, sizeof *r + slots * sizeof(struct stack_slot) + w->frames * sizeof(uint64_t));
    if (!r)
        return NULL;
    *r = (struct stack_record){.pc = call->pc,
                               .sp = call->sp,
                               .bp = call->bp,
                               .bp_mask = w->first_bp ? ~(uint64_t)0 : 0,
                               .check = slots,
                               .near = w->slots_count < 4 ? slots : before + w->near,
                               .calm = w->foreign || !w->stable ? -1 : 0,
                               .site = call->pc - 1,
                               .limit = ~(uint64_t)0,
                               .slots_count = slots,
                               .frames = w->frames,
                               .handler_pc = w->handler_pc,
                               .handler_sp = w->handler_sp,
                               .near_frames = w->near_frames,
                               .bytes = r->bytes,
                               .cut = w->cut,
                               .once = !w->stable,
                               .foreign = w->foreign};
    for (uint32_t i = 0; i < slots; i++)
        r->slots[i] = i >= before && i - before < w->slots_count ? w->slots[i - before]
                                                                 : (struct stack_slot){&always_zero, 0};
    for (uint32_t i = r->near; i < w->slots_count && !w->foreign; i++)
        if ((uint64_t)(uintptr_t)r->slots[i].at < r->limit)
            r->limit = (uint64_t)(uintptr_t)r->slots[i].at;
    memcpy(stack_record_addresses(r), w->addresses, w->frames * sizeof(uint64_t));
    stack_record_settle(r);
    return r;
}

struct stack_record *stack_memo_walk(struct thread *t, const struct call_site *call) {
    uint32_t depth = session_stack_depth();
    size_t bytes = depth * (3 * sizeof(struct stack_slot) + sizeof(uint64_t));
    struct stack_record *record = NULL;
    if (t->special)
        return NULL;
    t->busy_sp = (uint64_t)__builtin_frame_address(0);
    t->special |= THREAD_BUSY;
    char *scratch = thread_scratch(t, bytes);
    if (scratch) {
        struct walk w = {.slots = (struct stack_slot *)scratch,
                         .addresses = (uint64_t *)(scratch + depth * 3 * sizeof(struct stack_slot))};
        walk_stack(t, call, depth, &w);
        record = make_record(&t->memo, call, &w);
    }
    if (record && record->once) {
        struct stack_record **place = &t->memo.once[t->memo.once_next++ % STACK_MEMO_ONCE];
        if (*place) {
            settle(t, *place, call);
            block_free(&t->memo, *place);
        }
        *place = record;
    } else if (record) {
        struct stack_record **place = stack_memo_place(&t->memo, call);
        if (*place != &nothing.record) {
            settle(t, *place, call);
            block_free(&t->memo, *place);
        }
        *place = record;
    }
    t->special &= ~(uint32_t)THREAD_BUSY;
    return record;
}

/* Put together the frames of `record` that are certain and those that are active now: walk, and join the two
 * where a slot is the same. Returns the number of frames put into `out`, 0 when they do not meet. */
static uint32_t splice(struct thread *t, struct stack_record *record, const struct call_site *now,
                       uint64_t *out, uint32_t depth, bool *cut) {
    struct walk w = {0};
    size_t bytes = depth * (3 * sizeof(struct stack_slot) + sizeof(uint64_t));
    char *scratch = thread_scratch(t, bytes + depth * sizeof(uint64_t));
    if (!scratch)
        return 0;
    w.slots = (struct stack_slot *)scratch;
    w.addresses = (uint64_t *)(scratch + depth * 3 * sizeof(struct stack_slot));
    walk_stack(t, now, depth, &w);
    *cut = w.cut;
    const uint64_t *old = stack_record_addresses(record);
    uint32_t frame = 1; /* of the record; its slot i that is a return address leads to the next frame */
    for (uint32_t i = 0; i < record->slots_count && frame <= record->near_frames && frame < record->frames;
         i++) {
        if (record->slots[i].value - 1 != old[frame])
            continue; /* a saved frame pointer */
        uint32_t here = 1;
        for (uint32_t k = 0; k < w.slots_count && here < w.frames; k++) {
            if (w.slots[k].value - 1 != w.addresses[here])
                continue;
            if (w.slots[k].at == record->slots[i].at) {
                uint32_t n = 0;
                for (uint32_t f = 0; f < frame; f++)
                    out[n++] = old[f];
                for (; here < w.frames && n < depth; here++)
                    out[n++] = w.addresses[here];
                return n;
            }
            here++;
        }
        frame++;
    }
    return 0;
}

uint32_t stack_memo_resolved(const struct stack_record *record, bool certain, const struct call_site *now) {
    for (uint32_t i = certain ? record->slots_count : record->near; i < record->slots_count; i++)
        if ((uint64_t)(uintptr_t)record->slots[i].at < now->sp ||
            *record->slots[i].at != record->slots[i].value)
            return 0;
    return record->stack;
}

/* What was compared at the acquisition is certain, and so is what is still active now. A frame that was left
 * for now and has returned is lost: then the innermost frames are all there is, and the record compares
 * everything from here on. */
uint32_t stack_memo_resolve_python(struct thread *t, struct stack_record *record, bool certain,
                                   const struct call_site *now, uint32_t python) {
    bool same = true, lost = false, cut = record->cut;
    for (uint32_t i = certain ? record->slots_count : record->near; i < record->slots_count; i++)
        if ((uint64_t)(uintptr_t)record->slots[i].at >= now->sp)
            same &= *record->slots[i].at == record->slots[i].value;
        else
            lost = true;
    if (!same || lost) {
        record->doubtful = true;
        stack_record_distrust(record);
    }
    if (lost)
        return stack_store_intern_python(stack_record_addresses(record), record->near_frames, true, python);
    if (!same) {
        uint32_t depth = session_stack_depth();
        uint64_t *joined = thread_joined(t, depth * sizeof(uint64_t));
        uint32_t frames = joined ? splice(t, record, now, joined, depth, &cut) : 0;
        return frames ? stack_store_intern_python(joined, frames, cut, python)
                      : stack_store_intern_python(stack_record_addresses(record), record->near_frames, true,
                                                  python);
    }
    if (!record->stack)
        record->stack = stack_store_intern(stack_record_addresses(record), record->frames, record->cut);
    return python ? stack_store_intern_python(stack_record_addresses(record), record->frames, record->cut,
                                              python)
                  : record->stack;
}

uint32_t stack_memo_resolve(struct thread *t, struct stack_record *record, bool certain,
                            const struct call_site *now) {
    return stack_memo_resolve_python(t, record, certain, now, 0);
}

void stack_memo_flush(struct thread *t) {
    struct call_site none = {.sp = 0};
    for (uint32_t i = 0; i < 1u << STACK_MEMO_BITS; i++) {
        struct stack_record *record = t->memo.records[i];
        if (record == &nothing.record)
            continue;
        settle(t, record, &none);
        block_free(&t->memo, record);
        t->memo.records[i] = &nothing.record;
    }
    for (uint32_t i = 0; i < STACK_MEMO_ONCE; i++) {
        if (!t->memo.once[i])
            continue;
        settle(t, t->memo.once[i], &none);
        block_free(&t->memo, t->memo.once[i]);
        t->memo.once[i] = NULL;
    }
}
