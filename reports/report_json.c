#include "reports/report_json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "reports/filter.h"
#include "reports/json.h"
#include "reports/memory.h"
#include "reports/message.h"

static const char *const family_names[RECORDING_FAMILIES] = {"mutex", "cond",      "thread",  "rwlock",
                                                             "spin",  "semaphore", "barrier", "other"};

/* A stack is an array, so beside one that has more frames than these stands KEY_cut. */
static void add_stack(cJSON *object, const char *key, const struct report_stack *stack) {
    cJSON *array = cJSON_AddArrayToObject(object, key);
    for (size_t i = 0; i < stack->count; i++) {
        const struct report_frame *frame = &stack->frames[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(array, item);
        json_text(item, "function", frame->function);
        json_text(item, "file", frame->file);
        if (frame->line)
            json_number(item, "line", frame->line);
        else
            cJSON_AddNullToObject(item, "line");
        json_text(item, "module", frame->module);
        json_address(item, "offset", frame->offset);
        json_text(item, "build_id", frame->build_id);
        cJSON_AddBoolToObject(item, "inlined", frame->inlined);
        cJSON_AddBoolToObject(item, "python", frame->python);
    }
    if (stack->cut) {
        char name[64];
        snprintf(name, sizeof name, "%s_cut", key);
        cJSON_AddTrueToObject(object, name);
    }
}

void report_json_tool(cJSON *root) {
    cJSON *tool = cJSON_AddObjectToObject(root, "tool");
    cJSON_AddStringToObject(tool, "name", "gordian");
    cJSON_AddStringToObject(tool, "version", REPORT_TOOL_VERSION);
}

/* What the command knows of the run; without it, what the first process says of itself. */
void report_json_run(cJSON *root, const struct report *report) {
    const struct report_run *run = report_run(report);
    const struct report_process *first = report_processes(report) ? report_process(report, 0) : NULL;
    cJSON *object = cJSON_AddObjectToObject(root, "run");
    if (run) {
        json_texts(object, "argv", run->argv);
        json_text(object, "exe", run->exe);
        json_number(object, "pid", run->pid);
        json_time(object, "started", run->started_ns);
        if (run->exit < 0) { /* it has not ended */
            cJSON_AddNullToObject(object, "duration_s");
            cJSON_AddNullToObject(object, "exit");
            return;
        }
        json_seconds(object, "duration_s", run->duration_s > 0 ? (uint64_t)(run->duration_s * 1e9) : 0);
        json_number(object, "exit", (uint64_t)run->exit);
        return;
    }
    json_texts(object, "argv", first ? first->argv : NULL);
    json_text(object, "exe", first && *first->exe ? first->exe : NULL);
    if (first)
        json_number(object, "pid", first->pid);
    else
        cJSON_AddNullToObject(object, "pid");
    json_time(object, "started", first ? first->started_ns : 0);
    cJSON_AddNullToObject(object, "duration_s");
    cJSON_AddNullToObject(object, "exit");
}

static void add_lost(cJSON *object, uint32_t lost) {
    const char *texts[4] = {NULL};
    size_t count = 0;
    if (lost & RECORDING_LOST_SPACE)
        texts[count++] = "space";
    if (lost & RECORDING_LOST_MEMORY)
        texts[count++] = "memory";
    if (lost & RECORDING_LOST_STACK)
        texts[count++] = "stack";
    json_texts(object, "lost", texts);
}

static void add_processes(cJSON *root, const struct report *report) {
    static const char *const states[] = {"starting", "live", "ended", "off"};
    cJSON *array = cJSON_AddArrayToObject(root, "processes");
    for (size_t i = 0; i < report_processes(report); i++) {
        const struct report_process *process = report_process(report, i);
        cJSON *object = cJSON_CreateObject();
        cJSON_AddItemToArray(array, object);
        json_number(object, "pid", process->pid);
        json_number(object, "parent", process->parent);
        json_text(object, "exe", *process->exe ? process->exe : NULL);
        json_texts(object, "argv", process->argv);
        json_text(object, "recording", process->recording);
        cJSON_AddStringToObject(object, "state",
                                process->state < sizeof states / sizeof *states ? states[process->state]
                                                                                : "unknown");
        json_time(object, "started", process->started_ns);
        cJSON_AddBoolToObject(object, "forked", process->forked);
        json_number(object, "threads", process->threads);
        cJSON *events = cJSON_AddObjectToObject(object, "events");
        for (int family = 0; family < RECORDING_FAMILIES; family++)
            json_number(events, family_names[family], process->events[family]);
        add_lost(object, process->lost);
        json_number(object, "dropped", process->dropped);
        json_number(object, "cut_searches", process->cut_searches);
        json_number(object, "unlisted_cycles", process->unlisted_cycles);
        json_number(object, "unkept_dependencies", process->unkept_dependencies);
        json_number(object, "crowded_dependencies", process->crowded_dependencies);
        json_text(object, "off_reason", process->state == RECORDING_OFF ? process->off_reason : NULL);
    }
}

void report_json_coverage(cJSON *root, const struct report *report) {
    cJSON *coverage = cJSON_AddObjectToObject(root, "coverage");
    cJSON *events = cJSON_AddObjectToObject(coverage, "events");
    for (int family = 0; family < RECORDING_FAMILIES; family++)
        json_number(events, family_names[family], report_events(report, (enum recording_family)family));
    json_texts(coverage, "unseen", report_unseen(report));
    cJSON *damage = cJSON_AddArrayToObject(coverage, "damage");
    for (size_t i = 0; report_damage(report, i); i++)
        json_text(damage, NULL, report_damage(report, i));
    cJSON *remarks = cJSON_AddArrayToObject(coverage, "remarks");
    for (size_t i = 0; report_remark(report, i); i++)
        json_text(remarks, NULL, report_remark(report, i));
}

static void add_thread(cJSON *array, const struct report_thread *thread) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(array, object);
    json_text(object, "id", thread->id);
    json_text(object, "name", thread->name);
    if (thread->tid)
        json_number(object, "tid", thread->tid);
    else
        cJSON_AddNullToObject(object, "tid");
    json_text(object, "creator", thread->creator);
    add_stack(object, "created", &thread->created);
}

static const char *lock_kind(uint32_t kind) {
    static const char *const names[LOCK_KINDS] = {
        [0] = "unknown",
        [LOCK_KIND_MUTEX] = "mutex",
        [LOCK_KIND_THREAD] = "thread",
        [LOCK_KIND_RWLOCK] = "rwlock",
        [LOCK_KIND_SPIN] = "spin",
        [LOCK_KIND_SEMAPHORE] = "semaphore",
        [LOCK_KIND_CONDITION] = "condition",
        [LOCK_KIND_BARRIER] = "barrier",
        [LOCK_KIND_ONCE] = "once",
        [LOCK_KIND_STREAM] = "stream",
        [LOCK_KIND_FILE] = "file",
        [LOCK_KIND_GIL] = "gil",
        [LOCK_KIND_GATE] = "gate",
        [LOCK_KIND_MEMORY] = "memory",
        [LOCK_KIND_UNSEEN] = "unknown",
    };
    return names[kind < LOCK_KINDS ? kind : 0];
}

static void fill_lock(cJSON *object, const struct report_lock *lock) {
    json_text(object, "id", lock->id);
    json_text(object, "name", lock->name);
    cJSON_AddStringToObject(object, "kind", lock_kind(lock->kind));
    json_address(object, "address", lock->address);
    if (lock->kind == LOCK_KIND_MEMORY && lock->size)
        json_number(object, "bytes", lock->size);
    add_stack(object, "initialised", &lock->initialised);
    add_stack(object, "first", &lock->first);
}

static void fill_hold(cJSON *object, const struct report_hold *hold) {
    json_text(object, "lock", hold->lock->id);
    cJSON_AddStringToObject(object, "mode", hold->mode == LOCK_SHARED ? "shared" : "exclusive");
    add_stack(object, "stack", &hold->stack);
}

/* What a step of a race does to the memory that it wants. */
static void add_access(cJSON *object, const struct report_step *step) {
    const struct report_access *said = step->access;
    cJSON *access = cJSON_AddObjectToObject(object, "access");
    cJSON_AddStringToObject(access, "kind", step->wants.mode == LOCK_SHARED ? "read" : "write");
    if (said->size)
        json_number(access, "size", said->size);
    else
        cJSON_AddNullToObject(access, "size");
    cJSON_AddBoolToObject(access, "atomic", said->atomic);
    json_address(access, "address", said->address);
}

/* A thread that wants nothing (it has ended, or holds what another misuses) is a holder, not a step. `event`:
 * what it did to the object that is misused; NULL for other kinds. */
static void add_step(cJSON *array, const struct report_step *step, const char *event) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(array, object);
    json_text(object, "thread", step->thread->id);
    if (event)
        cJSON_AddStringToObject(object, "event", event);
    cJSON *holds = cJSON_AddArrayToObject(object, "holds");
    for (size_t i = 0; i < step->holds_count; i++) {
        if (!step->holds[i].lock)
            continue;
        cJSON *hold = cJSON_CreateObject();
        cJSON_AddItemToArray(holds, hold);
        fill_hold(hold, &step->holds[i]);
    }
    if (step->wants.lock)
        fill_hold(cJSON_AddObjectToObject(object, "wants"), &step->wants);
    if (step->access)
        add_access(object, step);
}

/* What the numbers of a finding mean depends on its kind. */
static void add_values(cJSON *object, const struct report_finding *finding) {
    struct memory_pool pool = {0};
    if (finding->kind == FINDING_STARVATION) {
        cJSON *starvation = cJSON_AddObjectToObject(object, "starvation");
        json_number(starvation, "overtaken", finding->values[0]);
        json_seconds(starvation, "waited_s", finding->values[1]);
        json_number(starvation, "limit_overtaken", finding->process->starvation_overtakes);
        json_seconds(starvation, "limit_s", (uint64_t)finding->process->starvation_ms * 1000000u);
    }
    if (finding->shape == FINDING_SHAPE_SIGNAL) {
        cJSON *signal = cJSON_AddObjectToObject(object, "signal");
        json_number(signal, "number", finding->values[0]);
        json_text(signal, "name", message_signal_name(&pool, finding->values[0]));
    }
    memory_pool_free(&pool);
}

cJSON *report_json_finding(const struct report_finding *finding) {
    cJSON *object = cJSON_CreateObject();
    json_text(object, "id", finding->id);
    json_text(object, "kind", finding_kind_name(finding->kind));
    json_text(object, "shape",
              finding->shape == FINDING_SHAPE_NONE ? NULL : finding_shape_name(finding->shape));
    json_text(object, "severity", finding_severity_name(finding->severity));
    json_text(object, "message", finding->message);
    json_number(object, "count", finding->count);
    json_number(object, "pid", finding->pid);
    json_seconds(object, "time_s", finding->time_ns);
    cJSON_AddBoolToObject(object, "suppressed", finding->suppressed);
    if (finding->merged)
        cJSON_AddTrueToObject(object, "merged");
    if (finding->suppressed_by)
        json_text(object, "suppressed_by", finding->suppressed_by);
    if (finding->known)
        cJSON_AddTrueToObject(object, "known");
    if (finding->happened_id)
        json_text(object, "happened_id", finding->happened_id);
    json_text(object, "rule", finding->rule);
    if (finding->source)
        json_text(object, "source", finding->source);
    add_values(object, finding);
    cJSON *threads = cJSON_AddArrayToObject(object, "threads");
    for (size_t i = 0; i < finding->threads_count; i++)
        add_thread(threads, finding->threads[i]);
    cJSON *locks = cJSON_AddArrayToObject(object, "locks");
    for (size_t i = 0; i < finding->locks_count; i++) {
        cJSON *lock = cJSON_CreateObject();
        cJSON_AddItemToArray(locks, lock);
        fill_lock(lock, finding->locks[i]);
    }
    cJSON *steps = cJSON_AddArrayToObject(object, "steps");
    cJSON *holders = cJSON_AddArrayToObject(object, "holders");
    for (size_t i = 0; i < finding->steps_count; i++) {
        bool holder = !finding->steps[i].wants.lock;
        add_step(holder ? holders : steps, &finding->steps[i], holder ? message_event(finding->kind) : NULL);
    }
    return object;
}

static void add_profile(cJSON *array, const struct report_profile *profile) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(array, object);
    fill_lock(cJSON_AddObjectToObject(object, "lock"), profile->lock);
    json_number(object, "pid", profile->process->pid);
    json_number(object, "acquisitions", profile->acquisitions);
    json_number(object, "contended", profile->contended);
    json_seconds(object, "wait_s", profile->wait_ns);
    json_seconds(object, "longest_wait_s", profile->longest_wait_ns);
    json_seconds(object, "hold_s", profile->hold_ns);
    json_seconds(object, "longest_hold_s", profile->longest_hold_ns);
    json_number(object, "hold_samples", profile->hold_samples);
    cJSON_AddBoolToObject(object, "sampled", profile->sampled);
    add_stack(object, "longest_wait", &profile->longest_wait);
    add_stack(object, "longest_hold", &profile->longest_hold);
    cJSON *waits = cJSON_AddArrayToObject(object, "waits");
    for (size_t i = 0; i < profile->waits_count; i++) {
        cJSON *wait = cJSON_CreateObject();
        cJSON_AddItemToArray(waits, wait);
        add_stack(wait, "stack", &profile->waits[i].stack);
        json_number(wait, "count", profile->waits[i].count);
        json_seconds(wait, "wait_s", profile->waits[i].wait_ns);
    }
}

static void add_profiles(cJSON *root, const struct report *report) {
    cJSON *object = cJSON_AddObjectToObject(root, "profile");
    cJSON *locks = cJSON_AddArrayToObject(object, "locks");
    uint64_t unprofiled = 0;
    for (size_t i = 0, count = report_profiles(report); i < count; i++)
        add_profile(locks, report_profile(report, i));
    for (size_t i = 0; i < report_processes(report); i++)
        unprofiled += report_process(report, i)->unprofiled_locks;
    json_number(object, "unprofiled", unprofiled);
}

static void add_rule(cJSON *array, const struct suppression *rule, size_t silenced) {
    cJSON *object = cJSON_CreateObject();
    char day[32];
    cJSON_AddItemToArray(array, object);
    json_text(object, "name", rule->name);
    json_text(object, "file", rule->file);
    json_number(object, "line", rule->line);
    snprintf(day, sizeof day, "%04u-%02u-%02u", rule->expires / 10000, rule->expires / 100 % 100,
             rule->expires % 100);
    json_text(object, "expires", rule->expires ? day : NULL);
    cJSON_AddBoolToObject(object, "expired", rule->expired);
    json_number(object, "matched", rule->matched);
    json_number(object, "silenced", silenced);
}

/* What was asked of the findings, when something was. */
static void add_filter(cJSON *root, const struct report *report) {
    const struct filter *filter = report_filter(report);
    if (!filter)
        return;
    size_t rules = filter_rules(filter), *silenced = filter_silenced(filter, report), known = 0;
    cJSON *object = cJSON_AddObjectToObject(root, "filter");
    cJSON *array = cJSON_AddArrayToObject(object, "rules");
    for (size_t i = 0; i < rules; i++)
        add_rule(array, filter_rule(filter, i), silenced[i]);
    array = cJSON_AddArrayToObject(object, "mistakes");
    for (size_t i = 0; filter_mistake(filter, i); i++)
        json_text(array, NULL, filter_mistake(filter, i));
    json_text(object, "only_modules", filter_modules(filter));
    json_number(object, "outside", silenced[rules]);
    free(silenced);
    if (!filter_has_baseline(filter)) {
        cJSON_AddNullToObject(object, "baseline");
        return;
    }
    for (size_t i = 0; i < report_findings(report); i++)
        known += report_finding(report, i)->known && report_finding(report, i)->count;
    object = cJSON_AddObjectToObject(object, "baseline");
    json_number(object, "known", known);
    json_number(object, "gone", filter_gone(filter, report));
}

int report_json_write(const struct report *report, FILE *out) {
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "schema", "gordian-report/1");
    report_json_tool(root);
    report_json_run(root, report);
    add_processes(root, report);
    report_json_coverage(root, report);
    cJSON *findings = cJSON_AddArrayToObject(root, "findings");
    for (size_t i = 0; i < report_findings(report); i++)
        if (report_finding(report, i)->count)
            cJSON_AddItemToArray(findings, report_json_finding(report_finding(report, i)));
    add_profiles(root, report);
    add_filter(root, report);
    return json_write(root, true, out);
}
