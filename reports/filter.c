#include "reports/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reports/frames.h"
#include "reports/glob.h"
#include "reports/memory.h"
#include "reports/sides.h"
#include "reports/stable_names.h"
#include "reports/table.h"

struct filter {
    struct memory_pool pool;
    struct suppressions *suppressions;
    struct baseline *baseline; /* NULL: none was asked for */
    struct glob *modules;
    size_t modules_count, modules_capacity;
    const char *modules_text;
    struct table words; /* a rule's address -> what suppressed_by says of it */
    struct table rules; /* the address of that -> the rule */
};

struct filter *filter_create(uint32_t today) {
    size_t capacity = 0;
    struct filter *filter = memory_array_grow(NULL, &capacity, 1, sizeof *filter);
    *filter = (struct filter){.suppressions = suppressions_create(today)};
    return filter;
}

void filter_free(struct filter *filter) {
    if (!filter)
        return;
    suppressions_free(filter->suppressions);
    baseline_free(filter->baseline);
    table_free(&filter->words);
    table_free(&filter->rules);
    free(filter->modules);
    memory_pool_free(&filter->pool);
    free(filter);
}

struct suppressions *filter_suppressions(struct filter *filter) {
    return filter->suppressions;
}

struct baseline *filter_baseline(struct filter *filter) {
    if (!filter->baseline)
        filter->baseline = baseline_create();
    return filter->baseline;
}

int filter_add_module(struct filter *filter, const char *glob) {
    size_t length = strlen(glob);
    if (!length || length > GLOB_LIMIT)
        return -EINVAL;
    filter->modules = memory_array_grow(filter->modules, &filter->modules_capacity, filter->modules_count + 1,
                                        sizeof *filter->modules);
    const char *copy = memory_pool_copy(&filter->pool, glob, length);
    filter->modules[filter->modules_count++] = glob_of(copy);
    filter->modules_text = memory_pool_format(&filter->pool, "%s%s--only-module %s",
                                              filter->modules_text ? filter->modules_text : "",
                                              filter->modules_text ? " " : "", copy);
    return 0;
}

/* The path of the module, or of the Python file, that the side belongs to; NULL when it is not known. */
static const char *module_of(const struct report_hold *side) {
    struct frames_walk walk = frames_begin(&side->stack, false);
    for (const struct report_frame *frame; (frame = frames_next(&walk)) != NULL;) {
        const char *path = frame->python ? frame->file : frame->module;
        if (path && !stable_is_system(frame))
            return path;
    }
    return NULL;
}

static bool looks_at(const struct filter *filter, const char *path) {
    for (size_t i = 0; i < filter->modules_count; i++)
        if (glob_matches(&filter->modules[i], path) ||
            glob_matches(&filter->modules[i], frames_basename(path)))
            return true;
    return false;
}

static bool is_inside(const struct filter *filter, const struct report_finding *finding) {
    struct sides sides = sides_begin(finding);
    bool known = false;
    for (const struct report_hold *side; (side = sides_next(&sides)) != NULL;) {
        const char *path = module_of(side);
        if (path && looks_at(filter, path))
            return true;
        known |= path != NULL;
    }
    return !known;
}

/* "rule cache before start (gordian.supp:12)" */
static const char *words_of(struct filter *filter, const struct suppression *rule) {
    const char *words = table_find(&filter->words, (uintptr_t)rule);
    if (words)
        return words;
    words = memory_pool_format(&filter->pool, "rule %s (%s:%u)", rule->name, rule->file, rule->line);
    table_put(&filter->words, (uintptr_t)rule, (void *)words);
    table_put(&filter->rules, (uintptr_t)words, (void *)rule);
    return words;
}

void filter_judge(struct filter *filter, struct report_finding *finding) {
    const struct suppression *rule = suppressions_match(filter->suppressions, finding);
    if (rule)
        finding->suppressed_by = words_of(filter, rule);
    else if (filter->modules_count && !is_inside(filter, finding))
        finding->suppressed_by = filter->modules_text;
    finding->suppressed |= finding->suppressed_by != NULL;
    finding->known =
        filter->baseline && baseline_find(filter->baseline, finding->id, finding->happened_id) != NULL;
}

size_t filter_rules(const struct filter *filter) {
    return suppressions_rules(filter->suppressions);
}

const struct suppression *filter_rule(const struct filter *filter, size_t index) {
    return suppressions_rule(filter->suppressions, index);
}

const char *filter_mistake(const struct filter *filter, size_t index) {
    return suppressions_mistake(filter->suppressions, index);
}

bool filter_has_baseline(const struct filter *filter) {
    return filter->baseline != NULL;
}

const char *filter_modules(const struct filter *filter) {
    return filter->modules_text;
}

size_t *filter_silenced(const struct filter *filter, const struct report *report) {
    size_t capacity = 0, rules = filter_rules(filter);
    size_t *counts = memory_array_grow(NULL, &capacity, rules + 1, sizeof *counts);
    memset(counts, 0, (rules + 1) * sizeof *counts);
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        const struct suppression *rule =
            finding->suppressed_by ? table_find(&filter->rules, (uintptr_t)finding->suppressed_by) : NULL;
        if (finding->count &&
            (rule || (finding->suppressed_by && finding->suppressed_by == filter->modules_text)))
            counts[rule ? rule->index : rules]++;
    }
    return counts;
}

size_t filter_gone(const struct filter *filter, const struct report *report) {
    if (!filter->baseline)
        return 0;
    struct baseline *now = baseline_create();
    size_t gone = 0;
    baseline_add_report(now, report);
    for (size_t i = 0; i < baseline_findings(filter->baseline); i++) {
        const struct baseline_finding *finding = baseline_finding(filter->baseline, i);
        gone += finding->count && !baseline_has_bug(now, finding);
    }
    baseline_free(now);
    return gone;
}
