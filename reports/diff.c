#include "reports/diff.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "reports/escape.h"

enum change { NEW, GONE, KEPT, CHANGES };
static const char *const change_names[CHANGES] = {"new", "gone", "kept"};

/* The findings of one side that changed in this way: the next at or after `index`, NULL when there are no
 * more. */
static const struct baseline_finding *next(const struct diff *diff, enum change change, size_t *index) {
    const struct baseline *side = change == GONE ? diff->before : diff->after;
    while (*index < baseline_findings(side)) {
        const struct baseline_finding *finding = baseline_finding(side, (*index)++);
        if (!finding->count)
            continue;
        bool there = change == GONE ? baseline_has_bug(diff->after, finding)
                                    : baseline_find(diff->before, finding->id, finding->happened_id) != NULL;
        if (there == (change == KEPT))
            return finding;
    }
    return NULL;
}

static size_t count_of(const struct diff *diff, enum change change) {
    size_t count = 0;
    for (size_t index = 0; next(diff, change, &index);)
        count++;
    return count;
}

size_t diff_counting(const struct diff *diff) {
    const struct baseline_finding *finding;
    size_t count = 0;
    for (size_t index = 0; (finding = next(diff, NEW, &index)) != NULL;)
        count += baseline_counts(finding);
    return count;
}

static void write_line(enum change change, const struct baseline_finding *finding, bool colour, FILE *out) {
    const char *word = finding->suppressed ? "suppressed" : finding->known ? "known" : finding->severity;
    bool loud = colour && change == NEW && baseline_counts(finding);
    fputs(loud ? "  \033[1;31m" : "  ", out);
    fputs(change_names[change], out);
    fputs(loud ? "\033[0m" : "", out);
    fprintf(out, "%*s", 6 - (int)strlen(change_names[change]), "");
    escape_write(word, out);
    fprintf(out, "%*s", strlen(word) < 9 ? 9 - (int)strlen(word) : 1, "");
    escape_write(finding->message, out);
    fputs(", id ", out);
    escape_write(finding->id, out);
    if (finding->count > 1)
        fprintf(out, "  (%" PRIu64 " times)", finding->count);
    fputc('\n', out);
}

static int stream_status(FILE *out) {
    if (fflush(out) != 0)
        return errno ? -errno : -EIO;
    return ferror(out) ? -EIO : 0;
}

int diff_write_text(const struct diff *diff, bool colour, FILE *out) {
    size_t new = count_of(diff, NEW);
    if (new)
        fprintf(out, "gordian: %zu new finding%s", new, new == 1 ? "" : "s");
    else
        fputs("gordian: no new finding", out);
    fprintf(out, ", %zu gone, %zu kept\n", count_of(diff, GONE), count_of(diff, KEPT));
    for (enum change change = NEW; change < CHANGES; change++) {
        const struct baseline_finding *finding;
        for (size_t index = 0; (finding = next(diff, change, &index)) != NULL;)
            write_line(change, finding, colour, out);
    }
    return stream_status(out);
}

static void add_text(cJSON *object, const char *key, const char *text) {
    char *valid = NULL;
    size_t size = 0;
    FILE *buffer = open_memstream(&valid, &size);
    if (buffer) {
        escape_write_utf8(text, buffer);
        fclose(buffer);
    }
    cJSON_AddStringToObject(object, key, valid ? valid : "");
    free(valid);
}

static void add_finding(cJSON *array, const struct baseline_finding *finding) {
    cJSON *object = cJSON_CreateObject();
    char count[24];
    cJSON_AddItemToArray(array, object);
    add_text(object, "id", finding->id);
    add_text(object, "kind", finding->kind);
    add_text(object, "severity", finding->severity);
    add_text(object, "message", finding->message);
    snprintf(count, sizeof count, "%" PRIu64, finding->count);
    cJSON_AddRawToObject(object, "count", count);
    cJSON_AddBoolToObject(object, "suppressed", finding->suppressed);
    cJSON_AddBoolToObject(object, "known", finding->known);
}

int diff_write_json(const struct diff *diff, FILE *out) {
    cJSON *root = cJSON_CreateObject(), *tool;
    cJSON_AddStringToObject(root, "schema", "gordian-diff/1");
    tool = cJSON_AddObjectToObject(root, "tool");
    cJSON_AddStringToObject(tool, "name", "gordian");
    cJSON_AddStringToObject(tool, "version", REPORT_TOOL_VERSION);
    add_text(root, "before", diff->before_name);
    add_text(root, "after", diff->after_name);
    cJSON_AddNumberToObject(root, "counting", (double)diff_counting(diff));
    for (enum change change = NEW; change < CHANGES; change++) {
        cJSON *array = cJSON_AddArrayToObject(root, change_names[change]);
        const struct baseline_finding *finding;
        for (size_t index = 0; (finding = next(diff, change, &index)) != NULL;)
            add_finding(array, finding);
    }
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    if (!text)
        return -ENOMEM;
    fputs(text, out);
    fputc('\n', out);
    free(text);
    return stream_status(out);
}
