#include "reports/report.h"
#include "reports/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reports/classes.h"
#include "reports/coverage.h"
#include "reports/crossing.h"
#include "reports/crossing_finding.h"
#include "reports/facts.h"
#include "reports/filter.h"
#include "reports/finding_id.h"
#include "reports/frames.h"
#include "reports/memory.h"
#include "reports/merge.h"
#include "reports/merge_finding.h"
#include "reports/message.h"
#include "reports/profile.h"
#include "reports/report_inside.h"
#include "reports/resolver.h"
#include "reports/rule_text.h"
#include "reports/saved.h"
#include "reports/symbols.h"
#include "reports/table.h"

/* A finding as the recordings tell it. Those about one bug are the variants of one entry. */
struct variant {
    struct report_finding finding;
    struct entry *entry;
    struct variant *next; /* no stronger than this one */
};

/* A finding of the report. */
struct entry {
    struct variant *variants; /* the strongest first */
    const struct variant *shown;
    unsigned revision;
};

/* A finding record of a recording, and what became of it. */
struct closing {
    struct variant *variant; /* NULL: it was never confirmed */
    uint64_t count;          /* as it was added to the variant's */
};

struct source {
    const char *path;
    const char *name;    /* the path, and which of the file's recordings it is */
    uint64_t base, part; /* of the recording in its file */
    struct facts *facts;
    struct resolver resolver;
    struct report_process process;
    struct closing *closings; /* one for each finding record read so far */
    size_t closings_count, closings_capacity;
    size_t modules_scanned, futex_users_named;
    char damage[320];
};

struct report {
    struct memory_pool pool;
    struct symbols *symbols;
    struct source **sources;
    size_t sources_count, sources_capacity;
    struct entry **entries;
    size_t entries_count, entries_capacity;
    struct table by_id;                             /* -> struct variant */
    struct table by_signature, by_locks, by_orphan; /* -> struct entry */
    struct profile_list *profiles;                  /* read when they are asked for */
    struct crossing *crossing;
    struct filter *filter; /* NULL: none */
    struct report_run run;
    bool has_run, imported;
    struct report_guest *guests; /* processes without a recording */
    const char **remarks;        /* beside those of the symbols */
    size_t remarks_count, remarks_capacity;
    const char **unseen; /* sorted; NULL-terminated */
    size_t unseen_count, unseen_capacity;
};

struct report *report_create(void) {
    size_t capacity = 0;
    struct report *report = memory_array_grow(NULL, &capacity, 1, sizeof *report);
    *report = (struct report){.symbols = symbols_create(), .crossing = crossing_create()};
    report->profiles = memory_pool_alloc(&report->pool, sizeof *report->profiles);
    report->unseen = memory_array_grow(NULL, &report->unseen_capacity, 1, sizeof *report->unseen);
    report->unseen[0] = NULL;
    return report;
}

void report_free(struct report *report) {
    if (!report)
        return;
    for (size_t i = 0; i < report->sources_count; i++) {
        resolver_free(&report->sources[i]->resolver);
        facts_close(report->sources[i]->facts);
        free(report->sources[i]->closings);
    }
    symbols_free(report->symbols);
    crossing_free(report->crossing);
    table_free(&report->by_id);
    table_free(&report->by_signature);
    table_free(&report->by_locks);
    table_free(&report->by_orphan);
    profile_list_free(report->profiles);
    free((void *)report->unseen);
    free((void *)report->remarks);
    free(report->sources);
    free(report->entries);
    memory_pool_free(&report->pool);
    free(report);
}

static const char *copy_text(struct report *report, const char *text) {
    return text ? memory_pool_copy(&report->pool, text, strlen(text)) : NULL;
}

static const char *const *copy_texts(struct report *report, const char *const *texts) {
    size_t count = 0;
    while (texts[count])
        count++;
    const char **copies = memory_pool_alloc(&report->pool, (count + 1) * sizeof *copies);
    for (size_t i = 0; i < count; i++)
        copies[i] = copy_text(report, texts[i]);
    return copies;
}

void report_set_run(struct report *report, const struct report_run *run) {
    report->run = *run;
    report->run.exe = copy_text(report, run->exe);
    report->run.argv = run->argv ? copy_texts(report, run->argv) : NULL;
    report->has_run = true;
}

void report_set_filter(struct report *report, struct filter *filter) {
    report->filter = filter;
}

const struct filter *report_filter(const struct report *report) {
    return report->filter;
}

const struct report_run *report_run(const struct report *report) {
    return report->has_run ? &report->run : NULL;
}

static struct report_hold hold_of(struct source *source, const struct lock_hold *record) {
    return (struct report_hold){
        .lock = resolver_lock(&source->resolver, record->lock),
        .mode = record->mode,
        .stack = resolver_stack(&source->resolver, record->stack),
    };
}

/* Gather what the steps name, each thing once, in the order in which they name it. */
static void gather_names(struct report *report, struct report_finding *finding, size_t holds) {
    const struct report_thread **threads =
        memory_pool_alloc(&report->pool, (finding->steps_count + 1) * sizeof *threads);
    const struct report_lock **locks =
        memory_pool_alloc(&report->pool, (finding->steps_count + holds + 1) * sizeof *locks);
    struct table seen = {0};
    for (size_t i = 0; i < finding->steps_count; i++) {
        const struct report_step *step = &finding->steps[i];
        if (!table_find(&seen, (uintptr_t)step->thread))
            threads[finding->threads_count++] = step->thread;
        table_put(&seen, (uintptr_t)step->thread, (void *)step->thread);
        for (size_t j = 0; j <= step->holds_count; j++) {
            const struct report_lock *lock = j < step->holds_count ? step->holds[j].lock : step->wants.lock;
            if (!lock || table_find(&seen, (uintptr_t)lock))
                continue;
            locks[finding->locks_count++] = lock;
            table_put(&seen, (uintptr_t)lock, (void *)lock);
        }
    }
    table_free(&seen);
    finding->threads = threads;
    finding->locks = locks;
}

/* Resolve a finding record. It is copied first: resolving reads other records. */
static struct report_finding resolve(struct report *report, struct source *source,
                                     const struct recording_finding *said) {
    struct recording_finding *record =
        (void *)memory_pool_copy(&report->pool, (const char *)said, said->record.size);
    const struct lock_hold *holds = (const void *)&record->steps[record->steps_count];
    struct report_step *steps = memory_pool_alloc(&report->pool, (record->steps_count + 1) * sizeof *steps);
    size_t holds_count = 0;
    for (uint32_t i = 0; i < record->steps_count; i++) {
        const struct recording_finding_step *from = &record->steps[i];
        struct report_hold *to = memory_pool_alloc(&report->pool, (from->holds_count + 1) * sizeof *to);
        for (uint32_t j = 0; j < from->holds_count; j++)
            to[j] = hold_of(source, &holds[from->holds_first + j]);
        holds_count += from->holds_count;
        steps[i] = (struct report_step){
            .thread = resolver_thread(&source->resolver, from->thread),
            .holds = to,
            .holds_count = from->holds_count,
            .wants = hold_of(source, &from->wants),
        };
    }
    uint64_t started = recording_reader_header(facts_reader(source->facts))->started_monotonic_ns;
    struct report_finding finding = {
        .kind = record->kind,
        .shape = record->shape,
        .severity = record->severity,
        .values = {record->values[0], record->values[1]},
        .told = record->told,
        .time_ns = record->time_ns > started ? record->time_ns - started : 0,
        .pid = source->process.pid,
        .process = &source->process,
        .steps = steps,
        .steps_count = record->steps_count,
    };
    gather_names(report, &finding, holds_count);
    finding.message = message_of(&report->pool, &finding);
    return finding;
}

static bool is_deadlock(uint32_t kind) {
    return kind == FINDING_DEADLOCK_POTENTIAL || kind == FINDING_DEADLOCK_ACTUAL;
}

/* A number for the set of locks that the steps want in their process; 0 when it is no knot of locks. */
static uint64_t locks_number(const struct report_finding *finding) {
    uint64_t sum = 0;
    for (size_t i = 0; i < finding->steps_count; i++) {
        if (!finding->steps[i].wants.lock)
            return 0;
        uint64_t one = (uintptr_t)finding->steps[i].wants.lock; /* the same object for the same lock */
        sum += one * one * 0x9e3779b97f4a7c15u;
    }
    return sum + finding->steps_count;
}

/* A number for the lock and the thread that went without unlocking it. */
static uint64_t orphan_number(const struct report_lock *lock, const struct report_thread *owner) {
    return (uintptr_t)lock * 0x9e3779b97f4a7c15u + (uintptr_t)owner;
}

/* The numbers of the locks that the finding says were left locked, in the pool. */
static const uint64_t *orphans_of(struct report *report, const struct report_finding *finding,
                                  size_t *count) {
    bool exit = finding->kind == FINDING_MISUSE_EXIT_HOLDING;
    uint64_t *numbers = NULL;
    *count = 0;
    if (!exit && !(finding->kind == FINDING_DEADLOCK_ACTUAL && finding->shape == FINDING_SHAPE_ORPHANED))
        return NULL;
    for (size_t i = 0; i < finding->steps_count; i++) {
        const struct report_step *step = &finding->steps[i];
        const struct report_hold *knot = message_knot_hold(finding, i);
        if (step->wants.lock || (exit && i > 0))
            continue;
        numbers = memory_pool_alloc(&report->pool, (step->holds_count + 1) * sizeof *numbers);
        *count = 0;
        for (size_t j = 0; j < step->holds_count; j++)
            if (step->holds[j].lock && (exit || &step->holds[j] == knot))
                numbers[(*count)++] = orphan_number(step->holds[j].lock, step->thread);
        return numbers;
    }
    return NULL;
}

static unsigned strength(const struct variant *variant) {
    return variant->finding.kind == FINDING_DEADLOCK_ACTUAL;
}

/* Show the strongest variant that counts: one that was withdrawn gives way to a lesser one that was not. */
static void choose_shown(struct entry *entry) {
    const struct variant *best = entry->variants;
    while (best && !best->finding.count)
        best = best->next;
    if (!best || best == entry->shown)
        return;
    entry->revision += entry->shown != NULL;
    entry->shown = best;
}

static void count_closing(struct closing *closing, uint64_t count) {
    if (!closing->variant || closing->count == count)
        return;
    closing->variant->finding.count += count - closing->count;
    closing->variant->finding.told |= count > 0;
    closing->count = count;
    choose_shown(closing->variant->entry);
}

static struct entry *append_entry(struct report *report) {
    struct entry *entry = memory_pool_alloc(&report->pool, sizeof *entry);
    report->entries = memory_array_grow(report->entries, &report->entries_capacity, report->entries_count + 1,
                                        sizeof *report->entries);
    report->entries[report->entries_count++] = entry;
    return entry;
}

static struct variant *add_variant(struct report *report, struct entry *entry,
                                   const struct report_finding *finding) {
    struct variant *variant = memory_pool_alloc(&report->pool, sizeof *variant), **link = &entry->variants;
    variant->finding = *finding;
    variant->entry = entry;
    while (*link && strength(*link) >= strength(variant))
        link = &(*link)->next;
    variant->next = *link;
    *link = variant;
    return variant;
}

static bool has_kind(const struct entry *entry, uint32_t kind) {
    const struct variant *variant = entry->variants;
    while (variant && variant->finding.kind != kind)
        variant = variant->next;
    return variant != NULL;
}

/* What else is known of the same bug: the same deadlock, predicted or happened, or the lock that was left
 * locked. */
static struct entry *same_bug(struct report *report, const struct report_finding *finding, uint64_t signature,
                              uint64_t locks, const uint64_t *orphans, size_t orphans_count) {
    struct entry *entry = NULL;
    if (is_deadlock(finding->kind)) {
        entry = table_find(&report->by_signature, signature);
        if (!entry && locks)
            entry = table_find(&report->by_locks, locks);
    }
    for (size_t i = 0; i < orphans_count && !entry; i++)
        entry = table_find(&report->by_orphan, orphans[i]);
    return entry && !has_kind(entry, finding->kind) ? entry : NULL;
}

/* What follows from the finding's id: the verdict on it, the rule that silences it. */
static void judge(struct report *report, struct report_finding *finding, uint64_t signature) {
    if (finding->kind == FINDING_DEADLOCK_POTENTIAL) {
        struct report_finding happened = {.kind = FINDING_DEADLOCK_ACTUAL, .shape = finding->shape};
        finding->happened_id =
            memory_pool_format(&report->pool, "%016" PRIx64, finding_id_of(&happened, signature));
    }
    finding->rule = rule_text_of(&report->pool, finding);
    if (report->filter)
        filter_judge(report->filter, finding);
}

/* The variant of a finding that is resolved, a new one or that of the same bug. */
static struct variant *enter_finding(struct report *report, struct report_finding finding) {
    uint64_t signature = finding_id_signature(&finding), id = finding_id_of(&finding, signature);
    uint64_t locks = is_deadlock(finding.kind) ? locks_number(&finding) : 0;
    size_t orphans_count;
    const uint64_t *orphans = orphans_of(report, &finding, &orphans_count);
    finding.id = memory_pool_format(&report->pool, "%016" PRIx64, id);
    struct variant *variant = table_find(&report->by_id, id);
    if (!variant) {
        judge(report, &finding, signature);
        struct entry *entry = same_bug(report, &finding, signature, locks, orphans, orphans_count);
        variant = add_variant(report, entry ? entry : append_entry(report), &finding);
        table_put(&report->by_id, id, variant);
    }
    if (is_deadlock(finding.kind)) {
        table_put(&report->by_signature, signature, variant->entry);
        if (locks)
            table_put(&report->by_locks, locks, variant->entry);
    }
    for (size_t i = 0; i < orphans_count; i++)
        table_put(&report->by_orphan, orphans[i], variant->entry);
    return variant;
}

static void read_findings(struct report *report, struct source *source) {
    for (size_t i = 0; i < facts_findings(source->facts); i++) {
        const struct recording_finding *record = facts_finding(source->facts, i);
        if (!record && i < source->closings_count)
            continue;
        if (!record)
            return;                     /* the file has shrunk: the next time may see more */
        uint64_t count = record->count; /* the record is gone once it is resolved */
        if (i == source->closings_count) {
            source->closings = memory_array_grow(source->closings, &source->closings_capacity,
                                                 source->closings_count + 1, sizeof *source->closings);
            source->closings[source->closings_count++] = (struct closing){0};
        }
        struct closing *closing = &source->closings[i];
        progress_tell("symbolising findings", i, facts_findings(source->facts));
        if (count && !closing->variant)
            closing->variant = enter_finding(report, resolve(report, source, record));
        count_closing(closing, count);
    }
}

static void read_process(struct source *source) {
    struct recording_reader *reader = facts_reader(source->facts);
    const struct recording_header *header = recording_reader_header(reader);
    source->process = (struct report_process){
        .pid = header->pid,
        .parent = header->parent,
        .exe = facts_exe(source->facts),
        .argv = facts_argv(source->facts),
        .recording = source->name,
        .state = header->state,
        .started_ns = header->started_ns,
        .forked = header->forked != 0,
        .lost = header->lost,
        .dropped = header->dropped,
        .cut_searches = header->cut_searches,
        .unlisted_cycles = header->unlisted_cycles,
        .unkept_dependencies = header->unkept_dependencies,
        .crowded_dependencies = header->crowded_dependencies,
        .threads = (uint32_t)facts_threads(source->facts),
        .stack_depth = header->stack_depth,
        .max_steps = header->max_steps,
        .max_per_edge = header->max_per_edge,
        .max_cycles = header->max_cycles,
        .max_uses = header->max_uses,
        .max_held = header->max_held,
        .max_profiled = header->max_profiled,
        .unprofiled_locks = header->unprofiled_locks,
        .starvation_overtakes = header->starvation_overtakes,
        .starvation_ms = header->starvation_ms,
        .off_reason = header->state == RECORDING_OFF ? header->off_reason : "",
    };
    memcpy(source->process.events, header->events, sizeof header->events);
    struct recording_slot slot;
    for (size_t i = 0; recording_reader_slot(reader, i, &slot); i++)
        for (size_t j = 0; slot.state != RECORDING_SLOT_FREE && j < RECORDING_FAMILIES; j++)
            source->process.events[j] += slot.events[j];
    const char *damage = recording_reader_damage(reader);
    if (damage)
        snprintf(source->damage, sizeof source->damage, "%s: %s", source->name, damage);
}

static size_t unseen_place(const struct report *report, const char *name) {
    size_t at = 0;
    while (at < report->unseen_count && strcmp(report->unseen[at], name) < 0)
        at++;
    return at;
}

static bool is_unseen(const struct report *report, const char *name) {
    size_t at = unseen_place(report, name);
    return at < report->unseen_count && strcmp(report->unseen[at], name) == 0;
}

static void add_unseen(struct report *report, const char *name) {
    size_t at = unseen_place(report, name);
    if (is_unseen(report, name))
        return;
    report->unseen = memory_array_grow((void *)report->unseen, &report->unseen_capacity,
                                       report->unseen_count + 2, sizeof *report->unseen);
    memmove(report->unseen + at + 1, report->unseen + at,
            (report->unseen_count + 1 - at) * sizeof *report->unseen);
    report->unseen[at] = name;
    report->unseen_count++;
}

static void remove_unseen(struct report *report, const char *name) {
    size_t at = unseen_place(report, name);
    if (is_unseen(report, name))
        memmove(report->unseen + at, report->unseen + at + 1,
                (report->unseen_count-- - at) * sizeof *report->unseen);
}

static void add_futex_module(struct report *report, const char *path) {
    add_unseen(report, memory_pool_format(&report->pool, "futex (%s)", frames_basename(path)));
}

static void scan_modules(struct report *report, struct source *source) {
    static const char unknown[] = "futex (unknown module)";
    struct facts *facts = source->facts;
    bool waiting = false;
    for (; source->modules_scanned < facts_modules(facts); source->modules_scanned++) {
        const struct facts_module *module = facts_module(facts, source->modules_scanned);
        Elf *elf = symbols_elf(resolver_image(&source->resolver, module));
        if (elf && coverage_has_futexes(elf, module->path))
            add_futex_module(report, module->path);
    }
    for (; source->futex_users_named < facts_futex_users(facts); source->futex_users_named++) {
        const struct facts_module *module =
            resolver_module(&source->resolver, facts_futex_user(facts, source->futex_users_named));
        if (!module) /* it may become known later */
            break;
        if (!coverage_ignores(module->path))
            add_futex_module(report, module->path);
    }
    for (size_t i = 0; i < report->sources_count; i++)
        waiting |= report->sources[i]->futex_users_named < facts_futex_users(report->sources[i]->facts);
    if (waiting)
        add_unseen(report, unknown);
    else
        remove_unseen(report, unknown);
}

static struct source *find_source(struct report *report, const char *path) {
    for (size_t i = 0; i < report->sources_count; i++)
        if (strcmp(report->sources[i]->path, path) == 0)
            return report->sources[i];
    return NULL;
}

/* Read a recording that is not known yet. */
static int add_source(struct report *report, const char *path, const char *name,
                      const struct saved_part *part, char *error, size_t error_size) {
    struct facts *facts;
    uint64_t base = part ? part->offset : 0, size = part ? part->size : 0;
    int status = facts_open_part(path, base, size, &facts, error, error_size);
    if (status < 0)
        return status;
    struct source *source = memory_pool_alloc(&report->pool, sizeof *source);
    source->path = copy_text(report, path);
    source->name = copy_text(report, name);
    source->base = base;
    source->part = size;
    source->facts = facts;
    resolver_init(&source->resolver, facts, report->symbols, &report->pool);
    report->sources = memory_array_grow(report->sources, &report->sources_capacity, report->sources_count + 1,
                                        sizeof *report->sources);
    report->sources[report->sources_count++] = source;
    return 0;
}

static void read_source(struct report *report, struct source *source) {
    read_process(source);
    read_findings(report, source);
    scan_modules(report, source);
}

/* Read the recordings that were saved together. They are written once, so there is nothing to follow. */
static int read_saved(struct report *report, const char *path, char *error, size_t error_size) {
    struct saved_part *parts;
    size_t count;
    int status = saved_read(path, &parts, &count, error, error_size);
    if (status < 0)
        return status;
    for (size_t i = 0; i < count && !status; i++) {
        const char *name = memory_pool_format(&report->pool, "%s#%zu", path, i + 1);
        status = add_source(report, path, name, &parts[i], error, error_size);
        if (!status)
            read_source(report, report->sources[report->sources_count - 1]);
    }
    free(parts);
    return status;
}

int report_update(struct report *report, const char *path, char *error, size_t error_size) {
    struct source *source = find_source(report, path);
    if (source && source->part)
        return 0;
    if (!source && saved_is(path))
        return read_saved(report, path, error, error_size);
    if (source) {
        facts_update(source->facts);
    } else {
        int status = add_source(report, path, path, NULL, error, error_size);
        if (status < 0)
            return status;
        source = report->sources[report->sources_count - 1];
    }
    read_source(report, source);
    return 0;
}

/* The processes that are looked at for deadlocks between them. */
struct crossed {
    struct report *report;
    struct crossing_process *processes; /* one for each source */
};

static void add_crossing(void *context, const struct crossing_knot *knot) {
    struct crossed *crossed = context;
    struct report *report = crossed->report;
    size_t holds;
    struct report_finding finding =
        crossing_finding_of(&report->pool, knot, crossed->processes, report->sources_count, &holds);
    gather_names(report, &finding, holds);
    finding.message = message_of(&report->pool, &finding);
    struct variant *variant = enter_finding(report, finding);
    variant->finding.count++;
    choose_shown(variant->entry);
}

bool report_shares_locks(const struct report *report) {
    for (size_t i = 0; i < report->sources_count; i++)
        if (facts_shared_locks(report->sources[i]->facts))
            return true;
    return false;
}

bool report_cross(struct report *report) {
    size_t capacity = 0;
    struct crossed crossed = {report, NULL};
    if (report->sources_count < 2)
        return false;
    crossed.processes = memory_array_grow(NULL, &capacity, report->sources_count, sizeof *crossed.processes);
    for (size_t i = 0; i < report->sources_count; i++) {
        struct source *source = report->sources[i];
        crossed.processes[i] =
            (struct crossing_process){source->facts, source->path, &source->resolver, &source->process};
    }
    bool again =
        crossing_look(report->crossing, crossed.processes, report->sources_count, add_crossing, &crossed);
    free(crossed.processes);
    return again;
}

void report_cross_surely(struct report *report) {
    if (!report_cross(report))
        return;
    nanosleep(&(struct timespec){.tv_nsec = REPORT_CONFIRM_MS * 1000000L}, NULL);
    report_cross(report);
}

/* ---- for report_foreign.c ---- */

struct memory_pool *report_inside_pool(struct report *report) {
    return &report->pool;
}

struct symbols *report_inside_symbols(struct report *report) {
    return report->symbols;
}

struct report_guest **report_inside_guests(struct report *report) {
    return &report->guests;
}

/* Before an exec, a process has an older recording. */
const struct report_process *report_inside_process(struct report *report, uint32_t pid,
                                                   struct resolver **resolver) {
    for (size_t i = report->sources_count; i > 0; i--)
        if (report->sources[i - 1]->process.pid == pid) {
            *resolver = &report->sources[i - 1]->resolver;
            return &report->sources[i - 1]->process;
        }
    return NULL;
}

void report_inside_gather(struct report *report, struct report_finding *finding, size_t holds) {
    gather_names(report, finding, holds);
}

struct report_finding *report_inside_enter(struct report *report, const struct report_finding *finding) {
    return &enter_finding(report, *finding)->finding;
}

struct report_finding *report_inside_append(struct report *report, const struct report_finding *finding,
                                            uint64_t id) {
    struct report_finding further = *finding;
    further.id = memory_pool_format(&report->pool, "%016" PRIx64, id);
    judge(report, &further, id);
    struct variant *variant = add_variant(report, append_entry(report), &further);
    table_put(&report->by_id, id, variant);
    return &variant->finding;
}

struct report_finding *report_inside_find(struct report *report, uint64_t id) {
    struct variant *variant = table_find(&report->by_id, id);
    return variant ? &variant->finding : NULL;
}

void report_inside_count(struct report_finding *finding, uint64_t more) {
    struct variant *variant = (struct variant *)finding; /* its first member */
    finding->count += more;
    choose_shown(variant->entry);
}

void report_inside_set_source(struct report *report, size_t index, const char *source) {
    for (struct variant *variant = report->entries[index]->variants; variant; variant = variant->next)
        variant->finding.source = source;
}

void report_set_imported(struct report *report) {
    report->imported = true;
}

bool report_is_imported(const struct report *report) {
    return report->imported;
}

void report_add_remark(struct report *report, const char *text) {
    report->remarks = memory_array_grow((void *)report->remarks, &report->remarks_capacity,
                                        report->remarks_count + 1, sizeof *report->remarks);
    report->remarks[report->remarks_count++] = copy_text(report, text);
}

/* ---- merging ---- */

struct merging {
    struct report *report;
    struct merge_source *sources;
};

static void *add_merged(void *context, const struct merge_ring *ring) {
    struct merging *merging = context;
    struct report *report = merging->report;
    size_t holds;
    struct report_finding finding = merge_finding_of(&report->pool, ring, merging->sources, &holds);
    gather_names(report, &finding, holds);
    finding.message = memory_pool_format(&report->pool, "%s%s", message_of(&report->pool, &finding),
                                         merge_finding_origin(&report->pool, ring, merging->sources));
    uint64_t signature = finding_id_signature(&finding);
    /* The same lines with other locks: a recording has that already, or it was told before. */
    if (table_find(&report->by_id, finding_id_of(&finding, signature)) ||
        table_find(&report->by_signature, signature))
        return NULL;
    struct variant *variant = enter_finding(report, finding);
    variant->finding.count++;
    choose_shown(variant->entry);
    return variant;
}

static void count_merged(void *ring) {
    ((struct variant *)ring)->finding.count++;
}

__attribute__((format(printf, 2, 3))) static void add_remark(struct report *report, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    report_add_remark(report, text);
}

static void remark_bounds(struct report *report, const struct merge_bounds *bounds, const char *what) {
    if (bounds->cut_searches)
        add_remark(report, "%" PRIu64 " searches of the %s reached their bound: something may be missing",
                   bounds->cut_searches, what);
    if (bounds->unlisted)
        add_remark(report, "%" PRIu64 " more rings in the %s are not listed", bounds->unlisted, what);
    if (bounds->unkept)
        add_remark(report, "%" PRIu64 " of the %s were looked at, but not kept", bounds->unkept, what);
}

static struct merge_source *merge_sources(const struct report *report, struct memory_pool *pool) {
    struct merge_source *sources = memory_pool_alloc(pool, (report->sources_count + 1) * sizeof *sources);
    for (size_t i = 0; i < report->sources_count; i++) {
        struct source *source = report->sources[i];
        sources[i] = (struct merge_source){source->facts, &source->resolver, &source->process,
                                           source->path,  source->base,      source->part};
    }
    return sources;
}

int report_save(const struct report *report, const char *path, char *error, size_t error_size) {
    struct memory_pool pool = {0};
    int status = saved_write(path, merge_sources(report, &pool), report->sources_count, error, error_size);
    memory_pool_free(&pool);
    return status;
}

int report_merge(struct report *report, char *error, size_t error_size) {
    struct merging merging = {report, merge_sources(report, &report->pool)};
    struct merge_bounds bounds;
    size_t count = report->sources_count;
    int status =
        merge_look(merging.sources, count, add_merged, count_merged, &merging, &bounds, error, error_size);
    remark_bounds(report, &bounds, "merged lock orders");
    return status;
}

static void add_class_note(void *context, const struct report_finding *note, size_t holds) {
    struct report *report = context;
    struct report_finding finding = *note;
    gather_names(report, &finding, holds);
    uint64_t signature = finding_id_signature(&finding);
    if (table_find(&report->by_id, finding_id_of(&finding, signature)) ||
        table_find(&report->by_signature, signature))
        return;
    struct variant *variant = enter_finding(report, finding);
    variant->finding.count++;
    choose_shown(variant->entry);
}

int report_classes(struct report *report, char *error, size_t error_size) {
    struct merge_bounds bounds = {0};
    const struct merge_source *sources = merge_sources(report, &report->pool);
    int status = 0;
    for (size_t i = 0; i < report->sources_count && !status; i++)
        status = classes_look(&sources[i], &report->pool, add_class_note, report, &bounds, error, error_size);
    remark_bounds(report, &bounds, "orders of lock classes");
    return status;
}

const char *report_damage(const struct report *report, size_t index) {
    for (size_t i = 0; i < report->sources_count; i++)
        if (report->sources[i]->damage[0] && index-- == 0)
            return report->sources[i]->damage;
    return NULL;
}

const char *report_remark(const struct report *report, size_t index) {
    return index < report->remarks_count ? report->remarks[index]
                                         : symbols_remark(report->symbols, index - report->remarks_count);
}

size_t report_findings(const struct report *report) {
    return report->entries_count;
}

const struct report_finding *report_finding(const struct report *report, size_t index) {
    return &report->entries[index]->shown->finding;
}

unsigned report_finding_revision(const struct report *report, size_t index) {
    return report->entries[index]->revision;
}

size_t report_processes(const struct report *report) {
    return report->sources_count;
}

const struct report_process *report_process(const struct report *report, size_t index) {
    return &report->sources[index]->process;
}

struct resolver *report_resolver(const struct report *report, size_t index) {
    return &report->sources[index]->resolver;
}

uint64_t report_events(const struct report *report, enum recording_family family) {
    uint64_t sum = 0;
    for (size_t i = 0; i < report->sources_count; i++)
        sum += report->sources[i]->process.events[family];
    return sum;
}

bool report_saw_locks(const struct report *report) {
    if (report->imported) /* others have watched */
        return true;
    for (int family = 0; family < RECORDING_FAMILIES; family++)
        if (family != RECORDING_FAMILY_THREAD && report_events(report, (enum recording_family)family))
            return true;
    return false;
}

const char *report_exe(const struct report *report) {
    const char *exe = report->has_run         ? report->run.exe
                      : report->sources_count ? report->sources[0]->process.exe
                                              : NULL;
    return exe && *exe ? exe : NULL;
}

const char *const *report_unseen(const struct report *report) {
    return report->unseen;
}

size_t report_profiles(const struct report *report) {
    profile_list_clear(report->profiles);
    for (size_t i = 0; i < report->sources_count; i++)
        profile_list_add(report->profiles, &report->sources[i]->resolver, &report->sources[i]->process);
    profile_list_sort(report->profiles);
    return report->profiles->count;
}

const struct report_profile *report_profile(const struct report *report, size_t index) {
    return profile_list_at(report->profiles, index);
}

bool report_counts(const struct report_finding *finding) {
    return finding->severity >= FINDING_WARNING && !finding->suppressed && !finding->known && finding->count;
}
