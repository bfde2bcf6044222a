#include "reports/frames.h"

#include <string.h>

#include "reports/names.h"

static bool starts_with(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool starts_with_any(const char *text, const char *const *prefixes) {
    for (; *prefixes; prefixes++)
        if (starts_with(text, *prefixes))
            return true;
    return false;
}

const char *frames_basename(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool frames_is_ours(const struct report_frame *frame) {
    return frame->module && starts_with(frames_basename(frame->module), "libgordian.so");
}

/* The hook, and the function that the program called. */
static bool is_hook(const struct report_frame *frame) {
    static const char *const functions[] = {"pthread_",
                                            "__pthread_",
                                            "___pthread_",
                                            "__interceptor_pthread_",
                                            "___interceptor_pthread_",
                                            "__interceptor_trampoline_pthread_",
                                            "___interceptor_trampoline_pthread_",
                                            "__tsan::",
                                            NULL};
    return frames_is_ours(frame) || (frame->function && starts_with_any(frame->function, functions));
}

/* Of the C++ library: std::lock_guard on the way to the hook, std::thread below the program. Its templates
 * are compiled into the program, so the module does not tell. */
bool frames_is_standard(const struct report_frame *frame) {
    static const char *const functions[] = {"std::", "__gnu_cxx::", "__gthread_", "__gthrw_", NULL};
    return frame->function && starts_with_any(names_qualified(frame->function), functions);
}

static bool is_any(const char *text, const char *const *names) {
    for (; *names; names++)
        if (strcmp(text, *names) == 0)
            return true;
    return false;
}

/* The C library's functions that call main or a thread's first function: whatever is further out is below
 * these. */
static bool is_bottom(const struct report_frame *frame) {
    static const char *const functions[] = {"__libc_start_main",
                                            "__libc_start_main_impl",
                                            "__libc_start_call_main",
                                            "start_thread",
                                            "clone",
                                            "clone3",
                                            "__clone",
                                            "__clone3",
                                            "__GI___clone",
                                            "__GI___clone3",
                                            "__tsan_thread_start_func",
                                            "asan_thread_start",
                                            NULL};
    return frame->function && is_any(frame->function, functions);
}

/* What stands between those and the program. libc's own frames have no names where its symbol table is
 * stripped. */
static bool is_base(const struct report_frame *frame) {
    const char *module = frame->module ? frames_basename(frame->module) : "";
    if (frame->function)
        return is_bottom(frame) || frames_is_standard(frame) || strcmp(frame->function, "_start") == 0 ||
               strcmp(frame->function, "execute_native_thread_routine") == 0 ||
               starts_with(module, "libgordian.so");
    return starts_with(module, "libc.so") || starts_with(module, "libc-") ||
           starts_with(module, "libpthread") || starts_with(module, "libstdc++") ||
           starts_with(module, "ld-linux") || starts_with(module, "ld-musl") ||
           starts_with(module, "libgordian.so");
}

const char *frames_library(const struct report_frame *frame) {
    static const char *const folders[] = {"/usr/lib", "/lib", NULL};
    if (frame->python)
        return NULL;
    if (frames_is_standard(frame))
        return "the C++ library";
    if (frame->module && starts_with_any(frame->module, folders))
        return frames_basename(frame->module);
    return frame->file && starts_with(frame->file, "/usr/include/") ? "/usr/include" : NULL;
}

/* CPython itself: its library or program, its own extensions, and its functions in a program that has it
 * linked in. */
static bool is_interpreter(const struct report_frame *frame) {
    static const char *const functions[] = {
        "_Py",           "Py_",    "PyEval_",   "PyObject_",   "PyThread_",
        "PyVectorcall_", "PyRun_", "PyImport_", "PyGILState_", NULL};
    const char *module = frame->module ? frames_basename(frame->module) : "";
    return starts_with(module, "libpython") || starts_with(module, "python") ||
           (frame->module && strstr(frame->module, "/lib-dynload/")) ||
           (frame->function && starts_with_any(frame->function, functions));
}

struct frames_walk frames_begin(const struct report_stack *stack, bool full) {
    size_t python = 0, first, end = stack->count;
    while (python < end && stack->frames[python].python)
        python++;
    first = python;
    while (first < end &&
           (is_hook(&stack->frames[first]) || (!full && frames_is_standard(&stack->frames[first]))))
        first++;
    for (size_t i = first; !full && i < end; i++)
        if (is_bottom(&stack->frames[i]))
            end = i;
    while (!full && end > first && is_base(&stack->frames[end - 1]))
        end--;
    if (first == end && !python) { /* nothing but wrappers: better those than nothing */
        first = 0;
        end = stack->count;
    }
    size_t inner = first;
    while (python && inner < end && !is_interpreter(&stack->frames[inner]))
        inner++;
    if (inner == end) /* where the interpreter begins cannot be seen */
        inner = first;
    return (struct frames_walk){stack, full, python, first, end, inner, 0};
}

/* The frame at this place of the walk. */
static const struct report_frame *frame_at(const struct frames_walk *walk, size_t place) {
    size_t before = walk->inner - walk->first, index;
    if (place < before)
        index = walk->first + place;
    else if (place < before + walk->python)
        index = place - before;
    else
        index = walk->first + place - walk->python;
    return &walk->stack->frames[index];
}

const struct report_frame *frames_next(struct frames_walk *walk) {
    size_t count = walk->python + walk->end - walk->first;
    while (walk->next < count) {
        const struct report_frame *frame = frame_at(walk, walk->next++);
        if (frame->python || !walk->python || walk->full || !is_interpreter(frame))
            return frame;
    }
    return NULL;
}

const struct report_frame *frames_site(const struct report_stack *stack) {
    struct frames_walk walk = frames_begin(stack, false);
    return frames_next(&walk);
}
