#include "reports/report_sarif.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "reports/filter.h"
#include "reports/frames.h"
#include "reports/json.h"
#include "reports/kinds.h"
#include "reports/message.h"
#include "reports/names.h"
#include "reports/sources.h"
#include "reports/step_words.h"

/* What GitHub takes of a run and shows of a result. */
#define RESULTS_LIMIT 25000
#define FLOW_LIMIT 1000   /* thread flow locations */
#define RELATED_LIMIT 100 /* related locations */

struct writer {
    const struct report *report;
    struct sources *sources;
    struct memory_pool pool; /* of the result that is being written */
    int rules[FINDING_KINDS];
    int rules_count;
    bool any_suppressed, has_baseline;
};

/* A message string: braces are doubled, since they would be placeholders (3.11.5), and brackets are escaped
 * in one that would have a link in it, like "operator[](int)" (3.11.6). */
static void add_message(struct writer *writer, cJSON *object, const char *key, const char *text) {
    char *escaped = memory_pool_alloc(&writer->pool, strlen(text) * 2 + 1), *end = escaped;
    bool linked = strstr(text, "](") != NULL;
    for (const char *at = text; *at; at++) {
        if (*at == '{' || *at == '}')
            *end++ = *at;
        if (linked && (*at == '[' || *at == ']'))
            *end++ = '\\';
        *end++ = *at;
    }
    json_printable(cJSON_AddObjectToObject(object, key), "text", escaped);
}

static void add_artifact(struct writer *writer, cJSON *physical, const char *path, bool below) {
    cJSON *artifact = cJSON_AddObjectToObject(physical, "artifactLocation");
    const char *uri = sources_uri(&writer->pool, path);
    if (!below && *path == '/')
        uri = memory_pool_format(&writer->pool, "file://%s", uri);
    json_text(artifact, "uri", uri);
    if (below)
        cJSON_AddStringToObject(artifact, "uriBaseId", "SRCROOT");
}

/* Where a frame is: its line, else its place in the module. */
static void add_physical(struct writer *writer, cJSON *location, const struct report_frame *frame) {
    struct sources_place place = sources_of_frame(writer->sources, frame);
    if (!place.frame && !frame->module)
        return;
    cJSON *physical = cJSON_AddObjectToObject(location, "physicalLocation");
    if (place.frame) {
        add_artifact(writer, physical, place.path, place.below);
        json_number(cJSON_AddObjectToObject(physical, "region"), "startLine", frame->line);
        return;
    }
    add_artifact(writer, physical, frame->module, false);
    cJSON *address = cJSON_AddObjectToObject(physical, "address");
    json_number(address, "relativeAddress", frame->offset < INT64_MAX ? frame->offset : INT64_MAX);
    if (frame->build_id)
        json_text(address, "name", memory_pool_format(&writer->pool, "build id %s", frame->build_id));
}

static void add_function(cJSON *location, const struct report_frame *frame) {
    if (!frame->function)
        return;
    cJSON *array = cJSON_AddArrayToObject(location, "logicalLocations"), *logical = cJSON_CreateObject();
    cJSON_AddItemToArray(array, logical);
    json_text(logical, "fullyQualifiedName", frame->function);
    cJSON_AddStringToObject(logical, "kind", "function");
}

/* A location; `frame` and `text` may be NULL. */
static cJSON *location_of(struct writer *writer, const struct report_frame *frame, const char *text) {
    cJSON *location = cJSON_CreateObject();
    if (frame) {
        add_physical(writer, location, frame);
        add_function(location, frame);
    }
    if (text)
        add_message(writer, location, "message", text);
    return location;
}

/* The frame that stands for a stack: the one in the sources, else the innermost. */
static const struct report_frame *frame_of(struct writer *writer, const struct report_stack *stack) {
    struct sources_place place = sources_of_stack(writer->sources, stack);
    return place.frame ? place.frame : frames_site(stack);
}

static cJSON *stack_of(struct writer *writer, const struct report_stack *stack) {
    cJSON *object = cJSON_CreateObject(), *frames = cJSON_AddArrayToObject(object, "frames");
    struct frames_walk walk = frames_begin(stack, true);
    const struct report_frame *frame;
    while ((frame = frames_next(&walk)) != NULL) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(frames, item);
        cJSON_AddItemToObject(item, "location", location_of(writer, frame, NULL));
        if (frame->module)
            json_text(item, "module", frames_basename(frame->module));
    }
    if (stack->cut)
        add_message(writer, object, "message", "The stack is cut off at its outer end.");
    return object;
}

/* A place of a thread flow. `kind`: what happens there, in SARIF's words. */
static cJSON *flow_location(struct writer *writer, const struct report_stack *stack, const char *text,
                            const char *kind, bool essential) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddItemToObject(item, "location", location_of(writer, frame_of(writer, stack), text));
    if (stack->count)
        cJSON_AddItemToObject(item, "stack", stack_of(writer, stack));
    cJSON *kinds = cJSON_AddArrayToObject(item, "kinds");
    cJSON_AddItemToArray(kinds, cJSON_CreateString(kind));
    if (strcmp(kind, "call") != 0)
        cJSON_AddItemToArray(kinds, cJSON_CreateString("lock"));
    cJSON_AddStringToObject(item, "importance", essential ? "essential" : "unimportant");
    return item;
}

static void add_creation(struct writer *writer, cJSON *locations, const struct report_finding *finding,
                         const struct report_thread *thread) {
    if (!thread->created.count)
        return;
    const char *text = memory_pool_format(
        &writer->pool, "%s is created%s%s here", message_thread(&writer->pool, finding, thread),
        thread->creator ? " by " : "", thread->creator ? thread->creator : "");
    cJSON_AddItemToArray(locations, flow_location(writer, &thread->created, text, "call", false));
}

/* What a thread does: created, holds, wants. Returns how many locations that are. */
static size_t add_thread_flow(struct writer *writer, cJSON *flows, const struct report_finding *finding,
                              size_t index) {
    const struct report_step *step = &finding->steps[index];
    const struct report_hold *knot = message_knot_hold(finding, index);
    cJSON *flow = cJSON_CreateObject();
    size_t before = 0; /* steps of the same thread: an id stands once */
    for (size_t i = 0; i < index; i++)
        before += finding->steps[i].thread == step->thread;
    json_text(flow, "id",
              before ? memory_pool_format(&writer->pool, "%s#%zu", step->thread->id, before + 1)
                     : step->thread->id);
    add_message(writer, flow, "message",
                memory_pool_format(&writer->pool, "%s%s",
                                   message_thread(&writer->pool, finding, step->thread),
                                   step_words_thread(finding, index)));
    cJSON *locations = cJSON_AddArrayToObject(flow, "locations");
    add_creation(writer, locations, finding, step->thread);
    for (size_t i = 0; i < step->holds_count; i++) {
        const struct report_hold *hold = &step->holds[i];
        if (!hold->lock)
            continue;
        struct step_words words = step_words_hold(&writer->pool, finding, index, hold);
        cJSON_AddItemToArray(locations,
                             flow_location(writer, &hold->stack,
                                           step_words_sentence(&writer->pool, finding, index, &words, "here"),
                                           "acquire", hold == knot || !knot));
    }
    if (step->wants.lock) {
        struct step_words words = step_words_wish(&writer->pool, finding, index);
        cJSON_AddItemToArray(locations,
                             flow_location(writer, &step->wants.stack,
                                           step_words_sentence(&writer->pool, finding, index, &words, "here"),
                                           "acquire", true));
    }
    size_t count = (size_t)cJSON_GetArraySize(locations);
    if (count) /* a thread flow has at least one */
        cJSON_AddItemToArray(flows, flow);
    else
        cJSON_Delete(flow);
    return count;
}

/* Returns how many of the steps were left out. */
static size_t add_code_flow(struct writer *writer, cJSON *result, const struct report_finding *finding) {
    cJSON *code_flow = cJSON_CreateObject(), *flows = cJSON_AddArrayToObject(code_flow, "threadFlows");
    size_t locations = 0, index = 0;
    for (; index < finding->steps_count; index++) {
        size_t more = finding->steps[index].holds_count + 2;
        if (index == FLOW_LIMIT || (index && locations + more > FLOW_LIMIT))
            break;
        locations += add_thread_flow(writer, flows, finding, index);
    }
    if (cJSON_GetArraySize(flows))
        cJSON_AddItemToArray(cJSON_AddArrayToObject(result, "codeFlows"), code_flow);
    else
        cJSON_Delete(code_flow);
    return finding->steps_count - index;
}

/* The held side of each step, and what the other threads want. */
static void add_related(struct writer *writer, cJSON *result, const struct report_finding *finding) {
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < finding->steps_count; i++) {
        const struct report_step *step = &finding->steps[i];
        const struct report_hold *knot = message_knot_hold(finding, i);
        for (size_t j = 0; j <= step->holds_count; j++) {
            bool wish = j == step->holds_count;
            const struct report_hold *hold = wish ? &step->wants : &step->holds[j];
            int count = cJSON_GetArraySize(array);
            if (!hold->lock || (wish && !i) || (!wish && knot && hold != knot) || count == RELATED_LIMIT)
                continue;
            struct step_words words = wish ? step_words_wish(&writer->pool, finding, i)
                                           : step_words_hold(&writer->pool, finding, i, hold);
            cJSON *location = location_of(writer, frame_of(writer, &hold->stack),
                                          step_words_sentence(&writer->pool, finding, i, &words, "here"));
            json_number(location, "id", (uint64_t)count + 1);
            cJSON_AddItemToArray(array, location);
        }
    }
    cJSON_AddItemToObject(result, "relatedLocations", array);
}

static const char *level_of(uint32_t severity) {
    return severity == FINDING_ERROR ? "error" : severity == FINDING_WARNING ? "warning" : "note";
}

static void add_locations(struct writer *writer, cJSON *result, const struct report_finding *finding) {
    const struct report_frame *frame = sources_of_finding(writer->sources, finding).frame;
    for (size_t i = 0; i < finding->steps_count && !frame; i++) {
        const struct report_step *step = &finding->steps[i];
        for (size_t j = 0; j <= step->holds_count && !frame; j++)
            frame = frames_site(j ? &step->holds[j - 1].stack : &step->wants.stack);
    }
    cJSON *location = location_of(writer, frame, NULL);
    if (!cJSON_GetObjectItemCaseSensitive(location, "physicalLocation") && *finding->process->exe)
        add_artifact(writer, cJSON_AddObjectToObject(location, "physicalLocation"), finding->process->exe,
                     false);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(result, "locations"), location);
}

/* The id is the same in every run, and another for each finding: GitHub's own fingerprint, the hash of the
 * line, would make one alert of all the deadlocks that meet in one wrapper of lock. */
static void add_fingerprints(struct writer *writer, cJSON *result, const char *id) {
    cJSON *prints = cJSON_AddObjectToObject(result, "partialFingerprints");
    cJSON_AddStringToObject(prints, "gordianId/v1", id);
    cJSON_AddStringToObject(prints, "primaryLocationLineHash", memory_pool_format(&writer->pool, "%s:1", id));
}

static void add_properties(cJSON *result, const struct report_finding *finding, size_t left_out) {
    cJSON *properties = cJSON_AddObjectToObject(result, "properties");
    if (finding->shape != FINDING_SHAPE_NONE)
        cJSON_AddStringToObject(properties, "shape", finding_shape_name(finding->shape));
    json_number(properties, "pid", finding->pid);
    json_seconds(properties, "time_s", finding->time_ns);
    cJSON *locks = cJSON_AddArrayToObject(properties, "locks");
    for (size_t i = 0; i < finding->locks_count; i++)
        json_text(locks, NULL, finding->locks[i]->name);
    if (finding->rule)
        json_text(properties, "rule", finding->rule);
    if (finding->merged)
        cJSON_AddTrueToObject(properties, "merged");
    if (left_out)
        json_number(properties, "threads_left_out", left_out);
}

static void add_result(struct writer *writer, cJSON *results, const struct report_finding *finding) {
    cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToArray(results, result);
    cJSON_AddStringToObject(result, "ruleId", finding_kind_name(finding->kind));
    json_number(result, "ruleIndex", (uint64_t)writer->rules[finding->kind]);
    cJSON_AddStringToObject(result, "level", level_of(finding->severity));
    add_message(writer, result, "message", finding->message);
    add_locations(writer, result, finding);
    add_related(writer, result, finding);
    size_t left_out = add_code_flow(writer, result, finding);
    add_fingerprints(writer, result, finding->id);
    json_number(result, "occurrenceCount", finding->count);
    if (writer->any_suppressed) { /* all results of a run have it, or none */
        cJSON *suppressions = cJSON_AddArrayToObject(result, "suppressions");
        if (finding->suppressed) {
            cJSON *suppression = cJSON_CreateObject();
            cJSON_AddItemToArray(suppressions, suppression);
            cJSON_AddStringToObject(suppression, "kind", "external");
            json_text(suppression, "justification", finding->suppressed_by);
        }
    }
    if (writer->has_baseline)
        cJSON_AddStringToObject(result, "baselineState", finding->known ? "unchanged" : "new");
    add_properties(result, finding, left_out);
    memory_pool_free(&writer->pool);
}

static void add_rule(struct writer *writer, cJSON *rules, uint32_t kind) {
    const struct kind_text *text = kinds_text(kind);
    cJSON *rule = cJSON_CreateObject();
    cJSON_AddItemToArray(rules, rule);
    writer->rules[kind] = writer->rules_count++;
    cJSON_AddStringToObject(rule, "id", finding_kind_name(kind));
    cJSON_AddStringToObject(rule, "name", text->name);
    add_message(writer, rule, "shortDescription", text->brief);
    add_message(writer, rule, "fullDescription", text->full);
    const char *help = memory_pool_format(&writer->pool, "%s %s", text->full, text->help);
    add_message(writer, rule, "help", help);
    json_text(cJSON_GetObjectItemCaseSensitive(rule, "help"), "markdown", help);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(rule, "defaultConfiguration"), "level",
                            level_of(text->severity));
    cJSON *properties = cJSON_AddObjectToObject(rule, "properties");
    cJSON *tags = cJSON_AddArrayToObject(properties, "tags");
    cJSON_AddItemToArray(tags, cJSON_CreateString("concurrency"));
    if (text->cwe) {
        char tag[40]; /* as code scanning expects it */
        snprintf(tag, sizeof tag, "external/cwe/cwe-%s", text->cwe + 4);
        cJSON_AddItemToArray(tags, cJSON_CreateString(tag));
    }
    cJSON_AddStringToObject(properties, "precision",
                            kind == FINDING_DEADLOCK_POTENTIAL ? "high" : "very-high");
    cJSON_AddStringToObject(properties, "problem.severity",
                            text->severity == FINDING_ERROR     ? "error"
                            : text->severity == FINDING_WARNING ? "warning"
                                                                : "recommendation");
}

static void add_tool(struct writer *writer, cJSON *run) {
    cJSON *driver = cJSON_AddObjectToObject(cJSON_AddObjectToObject(run, "tool"), "driver");
    cJSON_AddStringToObject(driver, "name", "gordian");
    cJSON_AddStringToObject(driver, "version", REPORT_TOOL_VERSION);
    cJSON_AddStringToObject(driver, "semanticVersion", REPORT_TOOL_VERSION);
    cJSON *rules = cJSON_AddArrayToObject(driver, "rules");
    for (uint32_t kind = 1; kind < FINDING_KINDS; kind++)
        if (finding_kind_name(kind))
            add_rule(writer, rules, kind);
    memory_pool_free(&writer->pool);
}

static void add_notification(struct writer *writer, cJSON *array, const char *level, const char *text) {
    cJSON *notification = cJSON_CreateObject();
    cJSON_AddItemToArray(array, notification);
    cJSON_AddStringToObject(notification, "level", level);
    add_message(writer, notification, "message", text);
}

/* Whether the run can say anything; what it had to do without is told either way. */
static bool add_notifications(struct writer *writer, cJSON *invocation, size_t left_out) {
    const struct report *report = writer->report;
    cJSON *array = cJSON_AddArrayToObject(invocation, "toolExecutionNotifications");
    bool conclusive = report_saw_locks(report);
    const char *const *unseen = report_unseen(report);
    if (!conclusive)
        add_notification(writer, array, "error", "no lock event was seen: this run says nothing");
    for (size_t i = 0; i < report_processes(report); i++) {
        const struct report_process *process = report_process(report, i);
        if (process->state != RECORDING_OFF)
            continue;
        conclusive = false;
        add_notification(writer, array, "error",
                         memory_pool_format(&writer->pool, "gordian turned itself off in process %u: %s",
                                            process->pid, process->off_reason));
    }
    for (size_t i = 0; report_damage(report, i); i++)
        add_notification(writer, array, "warning", report_damage(report, i));
    for (size_t i = 0; report_remark(report, i); i++)
        add_notification(writer, array, "note", report_remark(report, i));
    for (size_t i = 0; unseen[i]; i++)
        add_notification(writer, array, "note", memory_pool_format(&writer->pool, "not seen: %s", unseen[i]));
    if (left_out)
        add_notification(writer, array, "warning",
                         memory_pool_format(&writer->pool,
                                            "%zu findings of the least severity are left out: only %d "
                                            "of a run are taken",
                                            left_out, RESULTS_LIMIT));
    return conclusive;
}

/* The invocation is that of the program: its arguments, its exit status. */
static void add_invocation(struct writer *writer, cJSON *run, size_t left_out) {
    const struct report_run *facts = report_run(writer->report);
    const struct report_process *first =
        report_processes(writer->report) ? report_process(writer->report, 0) : NULL;
    cJSON *invocation = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(run, "invocations"), invocation);
    const char *const *argv = facts ? facts->argv : first ? first->argv : NULL;
    const char *exe = report_exe(writer->report);
    uint64_t started = facts ? facts->started_ns : first ? first->started_ns : 0;
    json_texts(invocation, "arguments", argv && *argv ? argv + 1 : NULL);
    if (exe) {
        cJSON *executable = cJSON_AddObjectToObject(invocation, "executableLocation");
        json_text(executable, "uri",
                  memory_pool_format(&writer->pool, "%s%s", *exe == '/' ? "file://" : "",
                                     sources_uri(&writer->pool, exe)));
    }
    if (facts || first)
        json_number(invocation, "processId", facts ? facts->pid : first->pid);
    if (started)
        json_time(invocation, "startTimeUtc", started);
    if (started && facts && facts->duration_s > 0)
        json_time(invocation, "endTimeUtc", started + (uint64_t)(facts->duration_s * 1e9));
    if (facts && facts->exit >= 0)
        json_number(invocation, "exitCode", (uint64_t)facts->exit);
    cJSON_AddBoolToObject(invocation, "executionSuccessful", add_notifications(writer, invocation, left_out));
    memory_pool_free(&writer->pool);
}

/* Returns how many findings were left out. */
static size_t add_results(struct writer *writer, cJSON *run) {
    cJSON *results = cJSON_AddArrayToObject(run, "results");
    size_t left_out = 0, written = 0;
    for (uint32_t severity = FINDING_ERROR; severity >= FINDING_NOTE; severity--)
        for (size_t i = 0; i < report_findings(writer->report); i++) {
            const struct report_finding *finding = report_finding(writer->report, i);
            if (!finding->count || finding->severity != severity)
                continue;
            if (written == RESULTS_LIMIT) {
                left_out++;
                continue;
            }
            add_result(writer, results, finding);
            written++;
        }
    return left_out;
}

/* Reports of several programs about one commit are told apart by it. */
static void add_details(struct writer *writer, cJSON *run) {
    const char *exe = report_exe(writer->report);
    json_text(cJSON_AddObjectToObject(run, "automationDetails"), "id",
              memory_pool_format(&writer->pool, "gordian/%s/", exe ? frames_basename(exe) : ""));
}

int report_sarif_write(const struct report *report, const char *directory, FILE *out) {
    struct writer writer = {.report = report, .sources = sources_create(directory)};
    for (size_t i = 0; i < report_findings(report); i++)
        writer.any_suppressed |= report_finding(report, i)->count && report_finding(report, i)->suppressed;
    const struct filter *filter = report_filter(report);
    writer.has_baseline = filter && filter_has_baseline(filter);
    cJSON *root = cJSON_CreateObject(), *run = cJSON_CreateObject();
    cJSON_AddStringToObject(
        root, "$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json");
    cJSON_AddStringToObject(root, "version", "2.1.0");
    cJSON_AddItemToArray(cJSON_AddArrayToObject(root, "runs"), run);
    add_tool(&writer, run);
    add_details(&writer, run);
    const char *root_uri = sources_uri(&writer.pool, sources_root(writer.sources));
    json_text(
        cJSON_AddObjectToObject(cJSON_AddObjectToObject(run, "originalUriBaseIds"), "SRCROOT"), "uri",
        memory_pool_format(&writer.pool, "file://%s%s", root_uri, strcmp(root_uri, "/") == 0 ? "" : "/"));
    size_t left_out = add_results(&writer, run);
    add_invocation(&writer, run, left_out);
    memory_pool_free(&writer.pool);
    sources_free(writer.sources);
    return json_write(root, true, out);
}
