#include "reports/report_gitlab.h"

#include "reports/json.h"
#include "reports/sources.h"

static void add_finding(cJSON *array, const struct report_finding *finding, struct sources *sources) {
    struct sources_place place = sources_of_finding(sources, finding);
    if (!place.frame)
        return;
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddItemToArray(array, entry);
    json_printable(entry, "description", finding->message);
    cJSON_AddStringToObject(entry, "check_name", finding_kind_name(finding->kind));
    cJSON_AddStringToObject(entry, "fingerprint", finding->id);
    cJSON_AddStringToObject(entry, "severity",
                            finding->severity == FINDING_ERROR     ? "critical"
                            : finding->severity == FINDING_WARNING ? "major"
                                                                   : "info");
    cJSON *location = cJSON_AddObjectToObject(entry, "location");
    json_text(location, "path", place.path);
    json_number(cJSON_AddObjectToObject(location, "lines"), "begin", place.frame->line);
}

int report_gitlab_write(const struct report *report, const char *directory, FILE *out) {
    struct sources *sources = sources_create(directory);
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        if (finding->count && !finding->suppressed)
            add_finding(array, finding, sources);
    }
    sources_free(sources);
    return json_write(array, true, out);
}
