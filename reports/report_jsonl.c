#include "reports/report_jsonl.h"

#include <stdlib.h>
#include <string.h>

#include "reports/json.h"
#include "reports/memory.h"
#include "reports/report_json.h"

/* What was written of a finding. */
struct told {
    char id[24];       /* "" before it was written */
    unsigned revision; /* as it was written */
    bool withdrawn;
};

struct report_jsonl {
    struct told *told; /* by the place of the finding */
    size_t count, capacity;
    bool started;
};

struct report_jsonl *report_jsonl_create(void) {
    size_t capacity = 0;
    struct report_jsonl *lines = memory_array_grow(NULL, &capacity, 1, sizeof *lines);
    *lines = (struct report_jsonl){0};
    return lines;
}

void report_jsonl_free(struct report_jsonl *lines) {
    if (lines)
        free(lines->told);
    free(lines);
}

static cJSON *begin_line(const char *event) {
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "event", event);
    return line;
}

static int write_start(const struct report *report, FILE *out) {
    cJSON *line = begin_line("start");
    cJSON_AddStringToObject(line, "schema", "gordian-stream/1");
    report_json_tool(line);
    report_json_run(line, report);
    return json_write(line, false, out);
}

static int write_news(struct told *told, const struct report_finding *finding, unsigned revision, FILE *out) {
    cJSON *line = begin_line(*told->id ? "revision" : "finding");
    if (*told->id)
        cJSON_AddStringToObject(line, "replaces", told->id);
    cJSON_AddItemToObject(line, "finding", report_json_finding(finding));
    snprintf(told->id, sizeof told->id, "%s", finding->id);
    told->revision = revision;
    told->withdrawn = false;
    return json_write(line, false, out);
}

static int write_withdrawal(struct told *told, FILE *out) {
    cJSON *line = begin_line("withdrawal");
    cJSON_AddStringToObject(line, "id", told->id);
    told->withdrawn = true;
    return json_write(line, false, out);
}

int report_jsonl_follow(struct report_jsonl *lines, const struct report *report, FILE *out) {
    int status = 0;
    if (!lines->started)
        status = write_start(report, out);
    lines->started = true;
    size_t count = report_findings(report);
    lines->told = memory_array_grow(lines->told, &lines->capacity, count, sizeof *lines->told);
    for (; lines->count < count; lines->count++)
        lines->told[lines->count] = (struct told){0};
    for (size_t i = 0; i < count && !status; i++) {
        const struct report_finding *finding = report_finding(report, i);
        struct told *told = &lines->told[i];
        unsigned revision = report_finding_revision(report, i);
        if (finding->count && (!*told->id || told->withdrawn || told->revision != revision))
            status = write_news(told, finding, revision, out);
        else if (!finding->count && *told->id && !told->withdrawn)
            status = write_withdrawal(told, out);
    }
    return status;
}

int report_jsonl_end(struct report_jsonl *lines, const struct report *report, FILE *out) {
    int status = report_jsonl_follow(lines, report, out);
    if (status)
        return status;
    static const char *const names[] = {
        [FINDING_NOTE] = "notes", [FINDING_WARNING] = "warnings", [FINDING_ERROR] = "errors"};
    uint64_t severities[FINDING_ERROR + 1] = {0}, suppressed = 0, withdrawn = 0;
    cJSON *line = begin_line("end");
    report_json_run(line, report);
    report_json_coverage(line, report);
    cJSON *findings = cJSON_AddArrayToObject(line, "findings");
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        withdrawn += lines->told[i].withdrawn;
        if (!finding->count)
            continue;
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(findings, item);
        cJSON_AddStringToObject(item, "id", finding->id);
        json_number(item, "count", finding->count);
        if (finding->suppressed)
            suppressed++;
        else if (finding->severity <= FINDING_ERROR)
            severities[finding->severity]++;
    }
    cJSON *summary = cJSON_AddObjectToObject(line, "summary");
    for (uint32_t severity = FINDING_ERROR; severity >= FINDING_NOTE; severity--)
        json_number(summary, names[severity], severities[severity]);
    json_number(summary, "suppressed", suppressed);
    json_number(summary, "withdrawn", withdrawn);
    cJSON_AddBoolToObject(summary, "conclusive", report_saw_locks(report));
    return json_write(line, false, out);
}
