/* flockfile and its like. What stdio locks inside itself is not seen. */
#define _GNU_SOURCE
#include "interpose/acquire.h"
#include "interpose/misuse.h"

static int try_stream(void *stream) {
    return REAL(ftrylockfile)(stream) == 0 ? 0 : EBUSY;
}

static int take_stream(void *stream) {
    REAL(flockfile)(stream);
    return 0;
}

static int release_stream(void *stream) {
    REAL(funlockfile)(stream);
    return 0;
}

/* It is recursive. */
static bool answers(void *stream, const struct recording_held *held) {
    (void)stream, (void)held;
    return true;
}

static inline bool take_free(const struct thread *t, void *stream) {
    (void)t;
    return REAL(ftrylockfile)(stream) == 0;
}

static int lock_otherwise(void *stream, uint64_t pc, uint64_t sp, uint64_t bp);
static int unlock_otherwise(void *stream, uint64_t pc, uint64_t sp, uint64_t bp);

static const struct primitive stream_lock = {.kind = LOCK_KIND_STREAM,
                                             .family = RECORDING_FAMILY_OTHER,
                                             .mode = LOCK_EXCLUSIVE,
                                             .wait = WAIT_LOCK,
                                             .try_now = try_stream,
                                             .take_free = take_free,
                                             .take = take_stream,
                                             .release = release_stream,
                                             .acquire_otherwise = lock_otherwise,
                                             .release_otherwise = unlock_otherwise,
                                             .answers = answers};

static __attribute__((noinline)) int lock_otherwise(void *stream, uint64_t pc, uint64_t sp, uint64_t bp) {
    return acquire_slow(&stream_lock, stream, pc, sp, bp);
}

static __attribute__((noinline)) int unlock_otherwise(void *stream, uint64_t pc, uint64_t sp, uint64_t bp) {
    return release_slow(&stream_lock, stream, pc, sp, bp);
}

HOOK void flockfile(FILE *stream) {
    acquire(&stream_lock, stream, NULL);
}

HOOK void funlockfile(FILE *stream) {
    release(&stream_lock, stream, NULL, NULL);
}

HOOK int ftrylockfile(FILE *stream) {
    struct call_site call = CALL_SITE();
    int result = REAL(ftrylockfile)(stream);
    acquire_tried(&stream_lock, stream, result == 0 ? 0 : EBUSY, &call);
    return result;
}

/* Before the call: after it another stream may be at the address. A thread that still has it keeps its id. */
static __attribute__((noinline)) void end_stream(const void *stream, const struct call_site *call) {
    struct thread *t = thread_now;
    if (!thread_plain(t) && hooks_mode(t, call) != HOOK_FULL)
        return;
    KEEP_ERRNO;
    session_enter(t);
    uint32_t id = lock_table_find_kind(stream, LOCK_KIND_STREAM);
    if (id && misuse_holder(t, t, id, LOCK_EXCLUSIVE).thread)
        locks_record(id);
    if (id)
        locks_gone(t, stream);
    session_leave(t);
}

HOOK int fclose(FILE *stream) {
    if (thread_now && lock_table_find_kind(stream, LOCK_KIND_STREAM)) {
        struct call_site call = CALL_SITE();
        end_stream(stream, &call);
    }
    return REAL(fclose)(stream);
}
