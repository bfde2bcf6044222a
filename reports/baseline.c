#include "reports/baseline.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/file_text.h"
#include "reports/memory.h"
#include "reports/table.h"

#define FILE_LIMIT ((size_t)1 << 30)
#define SCHEMA "gordian-"

struct baseline {
    struct memory_pool pool;
    struct baseline_finding **findings;
    size_t count, capacity;
    struct table by_id;
    struct table by_happened; /* the predictions by their happened_id */
};

struct baseline *baseline_create(void) {
    size_t capacity = 0;
    struct baseline *baseline = memory_array_grow(NULL, &capacity, 1, sizeof *baseline);
    *baseline = (struct baseline){0};
    return baseline;
}

void baseline_free(struct baseline *baseline) {
    if (!baseline)
        return;
    table_free(&baseline->by_id);
    table_free(&baseline->by_happened);
    free((void *)baseline->findings);
    memory_pool_free(&baseline->pool);
    free(baseline);
}

size_t baseline_findings(const struct baseline *baseline) {
    return baseline->count;
}

const struct baseline_finding *baseline_finding(const struct baseline *baseline, size_t index) {
    return baseline->findings[index];
}

/* An id as a number. Returns whether it is one. */
static bool number_of(const char *id, uint64_t *number) {
    char *end;
    if (!id || strlen(id) != 16 || strspn(id, "0123456789abcdef") != 16)
        return false;
    *number = strtoull(id, &end, 16);
    return true;
}

static const struct baseline_finding *find(const struct baseline *baseline, const char *id) {
    uint64_t number;
    const struct baseline_finding *found =
        number_of(id, &number) ? table_find(&baseline->by_id, number) : NULL;
    return found && found->count ? found : NULL;
}

const struct baseline_finding *baseline_find(const struct baseline *baseline, const char *id,
                                             const char *happened_id) {
    const struct baseline_finding *found = find(baseline, id);
    return found ? found : find(baseline, happened_id);
}

bool baseline_has_bug(const struct baseline *baseline, const struct baseline_finding *finding) {
    uint64_t number;
    if (baseline_find(baseline, finding->id, finding->happened_id))
        return true;
    const struct baseline_finding *predicted =
        number_of(finding->id, &number) ? table_find(&baseline->by_happened, number) : NULL;
    return predicted && predicted->count;
}

static const char *copied(struct baseline *baseline, const char *text) {
    return text ? memory_pool_copy(&baseline->pool, text, strlen(text)) : NULL;
}

/* Add a finding, or let it take the place of what was said of it earlier. Its texts are copied. */
static void add(struct baseline *baseline, const struct baseline_finding *finding) {
    uint64_t number;
    if (!number_of(finding->id, &number))
        return;
    struct baseline_finding *entry = table_find(&baseline->by_id, number);
    if (!entry) {
        entry = memory_pool_alloc(&baseline->pool, sizeof *entry);
        baseline->findings = memory_array_grow((void *)baseline->findings, &baseline->capacity,
                                               baseline->count + 1, sizeof *baseline->findings);
        baseline->findings[baseline->count++] = entry;
        table_put(&baseline->by_id, number, entry);
    }
    *entry = *finding;
    entry->id = copied(baseline, finding->id);
    entry->kind = copied(baseline, finding->kind);
    entry->severity = copied(baseline, finding->severity);
    entry->message = copied(baseline, finding->message);
    entry->happened_id = copied(baseline, finding->happened_id);
    if (number_of(finding->happened_id, &number))
        table_put(&baseline->by_happened, number, entry);
}

void baseline_add_report(struct baseline *baseline, const struct report *report) {
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        const char *kind = finding_kind_name(finding->kind);
        const char *severity = finding_severity_name(finding->severity);
        if (finding->count)
            add(baseline, &(struct baseline_finding){.id = finding->id,
                                                     .kind = kind ? kind : "unknown",
                                                     .severity = severity ? severity : "error",
                                                     .message = finding->message,
                                                     .happened_id = finding->happened_id,
                                                     .count = finding->count,
                                                     .suppressed = finding->suppressed,
                                                     .known = finding->known});
    }
}

static const char *text_of(const cJSON *object, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static bool is_true(const cJSON *object, const char *key) {
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

/* Returns whether the object is a finding. */
static bool add_object(struct baseline *baseline, const cJSON *object) {
    const cJSON *count = cJSON_GetObjectItemCaseSensitive(object, "count");
    struct baseline_finding finding = {.id = text_of(object, "id"),
                                       .kind = text_of(object, "kind"),
                                       .severity = text_of(object, "severity"),
                                       .message = text_of(object, "message"),
                                       .happened_id = text_of(object, "happened_id"),
                                       .suppressed = is_true(object, "suppressed"),
                                       .known = is_true(object, "known")};
    uint64_t number;
    if (!number_of(finding.id, &number) || !finding.kind || !finding.severity || !finding.message)
        return false;
    double times = cJSON_IsNumber(count) ? count->valuedouble : 1;
    finding.count = times >= 1 && times < 1e18 ? (uint64_t)times : 1;
    add(baseline, &finding);
    return true;
}

/* A line of a stream may take back what one before it said. */
static void withdraw(struct baseline *baseline, const cJSON *line) {
    const char *event = text_of(line, "event");
    uint64_t number;
    if (!event || strcmp(event, "withdrawal") != 0 || !number_of(text_of(line, "id"), &number))
        return;
    struct baseline_finding *entry = table_find(&baseline->by_id, number);
    if (entry)
        entry->count = 0;
}

/* Add what one JSON value holds. Returns whether it is something of gordian's. */
static bool add_value(struct baseline *baseline, const cJSON *value, const char **schema) {
    const cJSON *findings = cJSON_GetObjectItemCaseSensitive(value, "findings"), *finding;
    const char *said = text_of(value, "schema");
    bool ours = said && strncmp(said, SCHEMA, sizeof SCHEMA - 1) == 0;
    if (ours)
        *schema = copied(baseline, said);
    cJSON_ArrayForEach(finding, findings) ours |= add_object(baseline, finding);
    withdraw(baseline, value);
    finding = cJSON_GetObjectItemCaseSensitive(value, "finding");
    return (finding && add_object(baseline, finding)) || add_object(baseline, value) || ours;
}

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

int baseline_read_text(struct baseline *baseline, const char *text, size_t size, char *error,
                       size_t error_size) {
    const char *at = text, *end = text + size, *schema = NULL;
    bool ours = false;
    for (;;) {
        while (at < end && is_blank(*at))
            at++;
        if (at == end)
            break;
        const char *stopped = at;
        cJSON *value = cJSON_ParseWithLengthOpts(at, (size_t)(end - at), &stopped, false);
        if (!value && *text == '{') {
            snprintf(error, error_size, "it is cut off or damaged at byte %zu", (size_t)(stopped - text));
            return -EINVAL;
        }
        if (!value) {
            ours = false;
            break;
        }
        ours |= add_value(baseline, value, &schema);
        cJSON_Delete(value);
        at = stopped;
    }
    const char *version = schema ? strchr(schema, '/') : NULL;
    if (version && strcmp(version, "/1") != 0) {
        snprintf(error, error_size, "it is of another version than this gordian reads");
        return -EINVAL;
    }
    if (!ours)
        snprintf(error, error_size, "it is no JSON report of gordian");
    return ours ? 0 : -EINVAL;
}

int baseline_read_file(struct baseline *baseline, const char *path, char *error, size_t error_size) {
    char *text;
    size_t size;
    int status = file_text_read(path, FILE_LIMIT, &text, &size);
    if (status) {
        snprintf(error, error_size, "%s", strerror(-status));
        return status;
    }
    status = baseline_read_text(baseline, text, size, error, error_size);
    free(text);
    return status;
}

bool baseline_counts(const struct baseline_finding *finding) {
    return strcmp(finding->severity, "note") != 0 && !finding->suppressed && !finding->known;
}
