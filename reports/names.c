#include "reports/names.h"

#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "reports/frames.h"
#include "reports/numbers.h"
#include "reports/verbs.h"

#define LONG_NAME 60   /* longer names are shown without their template arguments */
#define COMM_LENGTH 15 /* what the kernel keeps of a program's name */

const char *names_kind(uint32_t kind) {
    static const char *const words[LOCK_KINDS] = {
        [0] = "lock",
        [LOCK_KIND_MUTEX] = "mutex",
        [LOCK_KIND_THREAD] = "thread",
        [LOCK_KIND_RWLOCK] = "rwlock",
        [LOCK_KIND_SPIN] = "spin lock",
        [LOCK_KIND_SEMAPHORE] = "semaphore",
        [LOCK_KIND_CONDITION] = "condition",
        [LOCK_KIND_BARRIER] = "barrier",
        [LOCK_KIND_ONCE] = "once control",
        [LOCK_KIND_STREAM] = "stream",
        [LOCK_KIND_FILE] = "file",
        [LOCK_KIND_GIL] = "global interpreter lock",
        [LOCK_KIND_GATE] = "gate",
        [LOCK_KIND_UNSEEN] = "unknown lock",
        [LOCK_KIND_MEMORY] = "memory",
    };
    return words[kind < LOCK_KINDS ? kind : 0];
}

/* Where the bracket at `text` closes, NULL when it does not. */
static const char *closing(const char *text) {
    int depth = 0;
    for (; *text; text++) {
        depth += strchr("(<{[", *text) != NULL;
        depth -= strchr(")>}]", *text) != NULL && !(*text == '>' && text[-1] == '-');
        if (!depth)
            return text;
    }
    return NULL;
}

/* Find a demangled function's name: from `first` up to `end`, before its parameters; `end` is NULL when that
 * is not understood. */
static const char *find_name(const char *function, const char **end) {
    static const char anonymous[] = "(anonymous namespace)";
    const char *first = function;
    *end = NULL;
    if (!strchr(function, '(') || strstr(function, "operator"))
        return function; /* not C++, or brackets and spaces that are part of the name */
    for (const char *at = function; *at && !*end; at++) {
        if (*at == ' ')
            first = at + 1;
        else if (*at == '(' && strncmp(at, anonymous, sizeof anonymous - 1) != 0)
            *end = at;
        else if (strchr("(<{[", *at) && !(at = closing(at)))
            return function;
    }
    return first;
}

const char *names_qualified(const char *function) {
    const char *end, *first = find_name(function, &end);
    return end ? first : function;
}

/* Put "..." for the template arguments of a name. */
static void leave_out_arguments(char *name) {
    char *to = name;
    for (const char *at = name; *at; at++) {
        *to++ = *at;
        const char *end = *at == '<' ? closing(at) : NULL;
        if (!end || end - at < 5) /* no shorter */
            continue;
        memcpy(to, "...", 3);
        to += 3;
        at = end - 1;
    }
    *to = '\0';
}

const char *names_short(struct memory_pool *pool, const char *function) {
    const char *end, *first = find_name(function, &end);
    const char *rest = end ? closing(end) : NULL;
    bool whole = !rest || end == first ||
                 (rest[1] && strncmp(rest + 1, " const", 6) != 0 && strncmp(rest + 1, " [", 2) != 0);
    size_t length = whole ? strlen(function) : (size_t)(end - first); /* "decltype(auto) f()", "f()::local" */
    if (whole && (length <= LONG_NAME || strstr(function, "operator<") || strstr(function, "operator>") ||
                  strstr(function, "operator-")))
        return function;
    char *name = memory_pool_copy(pool, whole ? function : first, length);
    if (length > LONG_NAME)
        leave_out_arguments(name);
    return name;
}

const char *names_place(struct memory_pool *pool, const struct report_stack *stack) {
    const struct report_frame *frame = frames_site(stack);
    if (!frame)
        return NULL;
    if (frame->file && frame->line && frame->function)
        return memory_pool_format(pool, "%s:%u in %s", frames_basename(frame->file), frame->line,
                                  frame->python ? frame->function : names_short(pool, frame->function));
    if (frame->file && frame->line)
        return memory_pool_format(pool, "%s:%u", frames_basename(frame->file), frame->line);
    const char *module = frame->module ? frames_basename(frame->module) : NULL;
    if (frame->function && module)
        return memory_pool_format(pool, "%s in %s", names_short(pool, frame->function), module);
    if (frame->python)
        return frame->function ? frame->function : "a Python function";
    if (module)
        return memory_pool_format(pool, "%s+0x%" PRIx64, module, frame->offset);
    return memory_pool_format(pool, "0x%" PRIx64, frame->offset);
}

/* What a program calls the stream that libc has under this name. */
static const char *stream_name(const char *variable) {
    static const char *const names[][2] = {
        {"_IO_2_1_stdin_", "stdin"}, {"_IO_2_1_stdout_", "stdout"}, {"_IO_2_1_stderr_", "stderr"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(variable, names[i][0]) == 0)
            return names[i][1];
    return NULL;
}

const char *names_lock(struct memory_pool *pool, const struct report_lock *lock, const char *variable,
                       uint64_t distance) {
    const char *kind = names_kind(lock->kind), *place;
    if (lock->kind == LOCK_KIND_GIL)
        return "the GIL";
    if (variable && lock->kind == LOCK_KIND_STREAM && (place = stream_name(variable)) != NULL)
        return place;
    if (variable && distance)
        return memory_pool_format(pool, "%s+0x%" PRIx64, variable, distance);
    if (variable)
        return variable;
    if ((place = names_place(pool, &lock->initialised)) != NULL)
        return memory_pool_format(pool, "%s initialised at %s", kind, place);
    if ((place = names_place(pool, &lock->first)) != NULL)
        return memory_pool_format(pool, "%s first %s at %s", kind, verbs_taken(lock->kind), place);
    if (lock->inode)
        return memory_pool_format(pool, "%s of inode %" PRIu64, kind, lock->inode);
    return memory_pool_format(pool, "%s 0x%" PRIx64, kind, lock->address);
}

const char *names_thread(struct memory_pool *pool, const char *id, uint32_t thread, const char *name,
                         const char *exe) {
    if (thread == 1)
        return "main";
    if (!thread)
        return "an unknown thread";
    if (*name && strncmp(name, frames_basename(exe), COMM_LENGTH) != 0)
        return name;
    return memory_pool_format(pool, "thread %s", id);
}

const char *names_purpose(struct memory_pool *pool, const struct report_lock *lock) {
    const char *text = lock->shared ? " between processes" : "";
    if (lock->kind == LOCK_KIND_BARRIER && lock->value)
        text = memory_pool_format(pool, "%s for %" PRIu32 " thread%s", text, lock->value,
                                  numbers_plural(lock->value));
    if (lock->kind == LOCK_KIND_SEMAPHORE && lock->value)
        text = memory_pool_format(pool, "%s of first value %" PRIu32, text, lock->value);
    if (lock->kind == LOCK_KIND_FILE && lock->inode)
        text = memory_pool_format(pool, "%s of inode %" PRIu64 " on device %u:%u", text, lock->inode,
                                  major(lock->device), minor(lock->device));
    return text;
}
