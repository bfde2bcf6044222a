#include "reports/report_github.h"

#include <errno.h>
#include <stdlib.h>

#include "reports/escape.h"
#include "reports/memory.h"
#include "reports/message.h"
#include "reports/sources.h"
#include "reports/step_words.h"

#define SIDES_SHOWN 20 /* an annotation has room for so much */

/* What ends a command or a property, and '%', is written as the runner reads it; what of it is in the
 * program's strings was made visible before. */
static void write_escaped(const char *text, bool property, FILE *out) {
    char *printable = NULL;
    size_t size = 0;
    FILE *buffer = open_memstream(&printable, &size);
    if (!buffer)
        return;
    escape_write(text, buffer);
    fclose(buffer);
    for (const char *at = printable; *at; at++)
        if (*at == '%' || (property && (*at == ':' || *at == ',')))
            fprintf(out, "%%%02X", (unsigned char)*at);
        else
            fputc(*at, out);
    free(printable);
}

static void write_property(const char *separator, const char *name, const char *value, FILE *out) {
    fprintf(out, "%s%s=", separator, name);
    write_escaped(value, true, out);
}

/* The places of all sides, a line each. */
static void write_sides(const struct report_finding *finding, struct sources *sources,
                        struct memory_pool *pool, FILE *out) {
    size_t shown = 0, left = 0;
    for (size_t i = 0; i < finding->steps_count; i++) {
        const struct report_step *step = &finding->steps[i];
        const struct report_hold *knot = message_knot_hold(finding, i);
        for (size_t j = 0; j <= step->holds_count; j++) {
            bool wish = j == step->holds_count;
            const struct report_hold *hold = wish ? &step->wants : &step->holds[j];
            if (!hold->lock || (!wish && knot && hold != knot))
                continue;
            if (shown == SIDES_SHOWN) {
                left++;
                continue;
            }
            struct step_words words =
                wish ? step_words_wish(pool, finding, i) : step_words_hold(pool, finding, i, hold);
            struct sources_place place = sources_of_stack(sources, &hold->stack);
            if (!place.frame)
                continue;
            const char *line = memory_pool_format(pool, "at %s:%u", place.path, place.frame->line);
            fputs("%0A", out);
            write_escaped(step_words_sentence(pool, finding, i, &words, line), false, out);
            shown++;
        }
    }
    if (left)
        fprintf(out, "%%0Aand %zu more", left);
}

static void write_finding(const struct report_finding *finding, struct sources *sources, FILE *out) {
    struct memory_pool pool = {0};
    struct sources_place place = sources_of_finding(sources, finding);
    fprintf(out, "::%s",
            finding->severity == FINDING_ERROR     ? "error"
            : finding->severity == FINDING_WARNING ? "warning"
                                                   : "notice");
    const char *separator = " ";
    if (place.frame) {
        write_property(separator, "file", place.path, out);
        fprintf(out, ",line=%u", place.frame->line);
        separator = ",";
    }
    write_property(
        separator, "title",
        memory_pool_format(&pool, "gordian: %s (%s)", finding_kind_name(finding->kind), finding->id), out);
    fputs("::", out);
    write_escaped(finding->message, false, out);
    write_sides(finding, sources, &pool, out);
    fputc('\n', out);
    memory_pool_free(&pool);
}

int report_github_write(const struct report *report, const char *directory, FILE *out) {
    struct sources *sources = sources_create(directory);
    for (uint32_t severity = FINDING_ERROR; severity >= FINDING_NOTE; severity--)
        for (size_t i = 0; i < report_findings(report); i++) {
            const struct report_finding *finding = report_finding(report, i);
            if (finding->count && finding->severity == severity && !finding->suppressed && !finding->known)
                write_finding(finding, sources, out);
        }
    if (!report_saw_locks(report))
        fputs("::error title=gordian::no lock event was seen: this run says nothing\n", out);
    sources_free(sources);
    if (fflush(out) != 0)
        return errno ? -errno : -EIO;
    return ferror(out) ? -EIO : 0;
}
