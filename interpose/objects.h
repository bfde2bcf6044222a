/* Objects come and go: what the init and destroy hooks of all families have in common. */
#ifndef GORDIAN_INTERPOSE_OBJECTS_H
#define GORDIAN_INTERPOSE_OBJECTS_H

#include "interpose/hooks.h"
#include "interpose/misuse.h"
#include "interpose/waits.h"

struct object_change {
    struct thread *thread; /* NULL: gordian is off, or inside itself */
    const void *object;
    uint32_t kind;
    uint32_t lock; /* object_init_ends: its new id, 0 when it failed */
    struct stack_record *stack;
    struct misuse_release misuse;
    bool waits; /* the real destroy waits until those that use it have left, as `wait` says */
    struct wait wait;
};

/* Around the real init and destroy calls, whose result says whether they did it. */
void object_init_begins(struct object_change *change, const void *object, uint32_t kind,
                        const struct call_site *call);
void object_init_ends(struct object_change *change, int result, const struct call_site *call);
void object_destroy_begins(struct object_change *change, const void *object, uint32_t kind,
                           const struct call_site *call);
void object_destroy_ends(struct object_change *change, int result, const struct call_site *call);

/* The object that was initialised is one between processes. */
void object_shared(const struct object_change *change);

#endif
