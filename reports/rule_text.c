#include "reports/rule_text.h"

#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"
#include "reports/frames.h"
#include "reports/glob.h"
#include "reports/names.h"
#include "reports/sides.h"
#include "reports/stable_names.h"

#define LISTED 8       /* locks, and stacks, of a finding that are named */
#define FRAMES 2       /* of a stack that are named */
#define NAME_LIMIT 120 /* bytes of a rule's name, before what cannot be printed is escaped */
#define COMMENT_LIMIT 900
#define GLOB_ROOM 400 /* bytes of a name that a glob is made of: each may take two */

static void write_escaped(struct memory_pool *pool, const char *text, size_t limit, FILE *out) {
    size_t length = strlen(text);
    escape_write(length > limit ? memory_pool_copy(pool, text, limit) : text, out);
    fputs(length > limit ? "..." : "", out);
}

/* The name that a lock has in a rule: without its distance from a variable, which a build may change. */
static const char *lock_name(const struct report_lock *lock) {
    return lock->variable ? lock->variable : lock->name;
}

/* Gather the different names of the locks that take part. Returns how many. */
static size_t gather_locks(const struct report_finding *finding, const char **names) {
    struct sides sides = sides_begin(finding);
    size_t count = 0;
    for (const struct report_hold *side; count < LISTED && (side = sides_next(&sides)) != NULL;) {
        size_t i = 0;
        while (i < count && strcmp(names[i], lock_name(side->lock)) != 0)
            i++;
        if (i == count)
            names[count++] = lock_name(side->lock);
    }
    return count;
}

/* Write a glob for a name of the program's. What cannot stand in a line, or would end a frame, becomes a ?.
 */
static void write_glob(const char *text, size_t size, FILE *out) {
    for (size_t i = 0; i < size && i < GLOB_ROOM; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool plain = byte >= 0x20 && byte < 0x7f && byte != ';' && !(byte == ' ' && (!i || i + 1 == size));
        if (plain)
            glob_write_literally(text + i, 1, out);
        else
            fputc('?', out);
    }
    if (size > GLOB_ROOM)
        fputc('*', out);
}

/* Write the frame as reports show it: the function, else the module. Returns false when neither is known. */
static bool write_frame(const struct report_frame *frame, struct memory_pool *pool, FILE *out) {
    bool named = frame->function && *frame->function;
    if (!named && !(frame->module && *frame->module))
        return false;
    if (!named) {
        size_t length;
        const char *module = stable_module(frame->module, &length);
        fputs("module:", out);
        write_glob(module, length, out);
        fputs(module[length] ? "*" : "", out);
        return true;
    }
    const char *plain = memory_pool_copy(pool, frame->function, stable_function(frame->function));
    const char *name = frame->python ? frame->function : names_short(pool, plain);
    fputs("function:", out);
    write_glob(name, strlen(name), out);
    return true;
}

/* The innermost frames of a stack as a line, NULL when none of them is known. */
static const char *frames_line(const struct report_stack *stack, struct memory_pool *pool) {
    char *text = NULL;
    size_t size = 0, known = 0, count = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    struct frames_walk walk = frames_begin(stack, false);
    for (const struct report_frame *frame; count < FRAMES && (frame = frames_next(&walk)) != NULL; count++) {
        fputs(count ? "; " : "", out);
        if (write_frame(frame, pool, out))
            known++;
        else
            fputs("...", out);
    }
    fclose(out);
    const char *line = text && known ? memory_pool_copy(pool, text, size) : NULL;
    free(text);
    return line;
}

/* The different lines of the stacks. Returns how many. */
static size_t gather_frames(const struct report_finding *finding, struct memory_pool *pool,
                            const char **lines) {
    struct sides sides = sides_begin(finding);
    size_t count = 0;
    for (const struct report_hold *side; count < LISTED && (side = sides_next(&sides)) != NULL;) {
        const char *line = frames_line(&side->stack, pool);
        size_t i = 0;
        while (line && i < count && strcmp(lines[i], line) != 0)
            i++;
        if (line && i == count)
            lines[count++] = line;
    }
    return count;
}

static void write_rule(const struct report_finding *finding, struct memory_pool *pool, FILE *out) {
    const char *locks[LISTED], *lines[LISTED], *kind = finding_kind_name(finding->kind);
    size_t locks_count = gather_locks(finding, locks), lines_count = gather_frames(finding, pool, lines);
    const char *name = kind ? kind : "finding";
    for (size_t i = 0; i < locks_count; i++)
        name = memory_pool_format(pool, "%s%s%s", name, i ? ", " : ": ", locks[i]);
    fputc('[', out);
    write_escaped(pool, name, NAME_LIMIT, out);
    fputs("]\n# ", out);
    write_escaped(pool, finding->message, COMMENT_LIMIT, out);
    fprintf(out, "\nid: %s\n", finding->id);
    if (!kind || !lines_count)
        return;
    fprintf(out, "# Instead of the id, to silence what is like it, and still after an edit:\n# kind: %s\n",
            kind);
    for (size_t i = 0; i < locks_count; i++) {
        fputs("# lock: ", out);
        write_glob(locks[i], strlen(locks[i]), out);
        fputc('\n', out);
    }
    for (size_t i = 0; i < lines_count; i++)
        fprintf(out, "# frames: %s\n", lines[i]);
}

const char *rule_text_of(struct memory_pool *pool, const struct report_finding *finding) {
    struct memory_pool scratch = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out) {
        write_rule(finding, &scratch, out);
        fclose(out);
    }
    const char *rule = memory_pool_copy(pool, text ? text : "", text ? size : 0);
    free(text);
    memory_pool_free(&scratch);
    return rule;
}
