#define _GNU_SOURCE
#include "cli/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Entries that this file may add to an environment. */
#define NEW_ENTRIES 4

bool environment_can_preload(const char *path) {
    return !strpbrk(path, " :$");
}

/* A value for GORDIAN_OPTIONS: ':' ends one there. Returns NULL without memory. */
static char *escape(const char *value) {
    char *escaped = malloc(2 * strlen(value) + 1), *to = escaped;
    for (; escaped && *value; value++) {
        if (*value == ':' || *value == '\\')
            *to++ = '\\';
        *to++ = *value;
    }
    if (escaped)
        *to = '\0';
    return escaped;
}

/* Our options. They stand behind the user's, since the last one counts. Returns NULL without memory. */
static char *our_options(const struct environment *e) {
    char *dir = escape(e->dir), *notify = escape(e->notify), *options = NULL;
    if (dir && notify &&
        asprintf(&options, "dir=%s:notify=%s:root=%d:quiet=1:on_deadlock=continue:children=%d", dir, notify,
                 (int)e->root, e->children) < 0)
        options = NULL;
    free(dir);
    free(notify);
    return options;
}

static char **find(char **list, const char *name) {
    size_t size = strlen(name);
    while (*list && !(strncmp(*list, name, size) == 0 && (*list)[size] == '='))
        list++;
    return list;
}

/* Put `added` before or behind the value of NAME, in a list with room for one more entry. */
static bool extend(char **list, const char *name, const char *added, bool before) {
    char **at = find(list, name), *entry;
    const char *old = *at ? *at + strlen(name) + 1 : "", *colon = *old ? ":" : "";
    if (asprintf(&entry, "%s=%s%s%s", name, before ? added : old, colon, before ? old : added) < 0)
        return false;
    if (!*at)
        at[1] = NULL;
    *at = entry;
    return true;
}

bool environment_can_log(const char *path) {
    return !strchr(path, '"') || !strchr(path, '\'');
}

/* ThreadSanitizer's options. What only makes its reports better stands before the user's, which may differ;
 * what gordian's work depends on stands behind them: where the reports go, and that reports do not change the
 * program's exit status. With that, a fatal error would end the program with status 0: it aborts instead. */
static bool extend_tsan(char **list, const struct environment *e) {
    char *better = NULL, *ours = NULL, quote = strchr(e->tsan_log, '"') ? '\'' : '"';
    bool complete =
        asprintf(&better, "second_deadlock_stack=1:stack_trace_format=\"    #%%n %%f %%S (%%m+%%o)\"%s%s",
                 e->symbolizer ? ":external_symbolizer_path=" : "",
                 e->symbolizer ? e->symbolizer : "") >= 0 &&
        asprintf(&ours, "log_path=%c%s%c:exitcode=0:abort_on_error=1", quote, e->tsan_log, quote) >= 0 &&
        extend(list, "TSAN_OPTIONS", better, true) && extend(list, "TSAN_OPTIONS", ours, false);
    free(better);
    free(ours);
    return complete;
}

char **environment_create(const struct environment *e, char *const *base) {
    size_t count = 0;
    while (base[count])
        count++;
    char **list = (char **)calloc(count + NEW_ENTRIES + 1, sizeof *list), *options = our_options(e);
    for (size_t i = 0; list && i < count; i++)
        list[i] = base[i];
    /* A shared AddressSanitizer runtime ends the program when anything is preloaded before it. It need not:
     * the hooks forward to its interceptors. */
    bool complete = list && options && extend(list, "LD_PRELOAD", e->library, true) &&
                    extend(list, "GORDIAN_OPTIONS", options, false) &&
                    extend(list, "ASAN_OPTIONS", "verify_asan_link_order=0", false) &&
                    (!e->tsan_log || extend_tsan(list, e));
    free(options);
    if (complete)
        return list;
    free((void *)list);
    return NULL;
}
