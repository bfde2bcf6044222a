#include "reports/stable_names.h"

#include <string.h>

#include "reports/frames.h"

static bool starts_with_any(const char *text, const char *const *prefixes) {
    for (; *prefixes; prefixes++)
        if (strncmp(text, *prefixes, strlen(*prefixes)) == 0)
            return true;
    return false;
}

size_t stable_function(const char *function) {
    static const char *const marks[] = {".isra.",     ".constprop.", ".part.",       ".cold",
                                        ".lto_priv.", ".llvm.",      ".localalias.", NULL};
    const char *clone = strstr(function, " [clone ");
    if (clone && clone > function)
        return (size_t)(clone - function);
    for (const char *dot = strchr(function, '.'); dot; dot = strchr(dot + 1, '.'))
        if (dot > function && starts_with_any(dot, marks))
            return (size_t)(dot - function);
    return strlen(function);
}

bool stable_is_lambda(const char *function) {
    if (strcmp(function, "operator()") == 0)
        return true; /* as GCC's debug information names it */
    return strstr(function, "::operator()") && (strstr(function, "{lambda(") || strstr(function, "::$_"));
}

const char *stable_module(const char *path, size_t *length) {
    static const char gone[] = " (deleted)";
    const char *name = frames_basename(path);
    size_t size = strlen(name);
    if (size > sizeof gone - 1 && strcmp(name + size - (sizeof gone - 1), gone) == 0)
        size -= sizeof gone - 1;
    const char *version = strstr(name, ".so.");
    *length = version && version > name && version < name + size ? (size_t)(version - name) + 3 : size;
    return name;
}

bool stable_is_libc(const struct report_frame *frame) {
    static const char *const names[] = {"libc.so",       "libc-2.",   "libpthread.so",
                                        "libpthread-2.", "ld-linux",  "ld-2.",
                                        "ld-musl",       "libc.musl", NULL};
    return frame->module && starts_with_any(frames_basename(frame->module), names);
}

bool stable_is_system(const struct report_frame *frame) {
    static const char *const names[] = {"libstdc++.so", "libc++.so", "libc++abi.so", "libgcc_s.so", NULL};
    return stable_is_libc(frame) || (frame->module && starts_with_any(frames_basename(frame->module), names));
}
