#include "reports/report_junit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reports/escape.h"
#include "reports/frames.h"
#include "reports/memory.h"
#include "reports/report_text.h"
#include "reports/sources.h"

#define NAMED_LOCKS 4 /* in the name of a test case */

struct counts {
    size_t tests, failures, errors, skipped;
};

struct writer {
    const struct report *report;
    struct sources *sources;
    struct memory_pool pool; /* of the test case that is being written */
    const char *suite, *class_name;
    FILE *out;
};

static void write_attribute(const struct writer *writer, const char *name, const char *value) {
    fprintf(writer->out, " %s=\"", name);
    escape_write_xml(value, true, writer->out);
    fputc('"', writer->out);
}

/* Readers take the last dot of a class for the end of its package. */
static const char *class_of(struct memory_pool *pool, const char *suite) {
    char *name = memory_pool_format(pool, "gordian.%s", suite);
    for (char *at = name + strlen("gordian."); *at; at++)
        if (*at == '.')
            *at = '_';
    return name;
}

/* The same in every run: histories of test cases go by it. Locks count if their names are the program's. */
static const char *name_of(struct writer *writer, const struct report_finding *finding) {
    const char *name = finding_kind_name(finding->kind), *separator = ": ";
    size_t named = 0;
    for (size_t i = 0; i < finding->locks_count && named < NAMED_LOCKS; i++) {
        if (!finding->locks[i]->variable)
            continue;
        name = memory_pool_format(&writer->pool, "%s%s%s", name, separator, finding->locks[i]->name);
        separator = ", ";
        named++;
    }
    return memory_pool_format(&writer->pool, "%s (%s)", name, finding->id);
}

static void begin_case(struct writer *writer, const char *name) {
    fputs("    <testcase", writer->out);
    write_attribute(writer, "classname", writer->class_name);
    write_attribute(writer, "name", name);
}

/* The text report of the finding, for people; a note is whole only in a full style. */
static void write_text(const struct writer *writer, const struct report_finding *finding) {
    struct report_style style = {.utf8 = true, .full = finding->severity == FINDING_NOTE};
    char *text = NULL;
    size_t size = 0;
    FILE *buffer = open_memstream(&text, &size);
    if (!buffer)
        return;
    report_text_finding(writer->report, finding, &style, buffer);
    fclose(buffer);
    while (size > 1 && text[size - 1] == '\n' && text[size - 2] == '\n')
        text[--size] = '\0'; /* the line that parts it from the next */
    escape_write_xml(text, false, writer->out);
    free(text);
}

static void write_finding(struct writer *writer, const struct report_finding *finding) {
    struct sources_place place = sources_of_finding(writer->sources, finding);
    begin_case(writer, name_of(writer, finding));
    if (place.frame) {
        write_attribute(writer, "file", place.path);
        fprintf(writer->out, " line=\"%u\"", place.frame->line);
    }
    const char *aside = finding->suppressed ? "suppressed" : finding->known ? "known" : NULL;
    const char *element = aside ? "skipped" : "failure";
    fprintf(writer->out, " time=\"0\">\n      <%s", element);
    if (!aside)
        write_attribute(writer, "type", finding_kind_name(finding->kind));
    write_attribute(writer, "message",
                    aside ? memory_pool_format(&writer->pool, "%s: %s", aside, finding->message)
                          : finding->message);
    fputc('>', writer->out);
    write_text(writer, finding);
    fprintf(writer->out, "</%s>\n    </testcase>\n", element);
    memory_pool_free(&writer->pool);
}

static void write_error(struct writer *writer, const char *name, const char *message) {
    begin_case(writer, name);
    fputs(" time=\"0\">\n      <error type=\"inconclusive\"", writer->out);
    write_attribute(writer, "message", message);
    fputs("/>\n    </testcase>\n", writer->out);
}

/* By a rule, or by the baseline. */
static bool is_aside(const struct report_finding *finding) {
    return finding->suppressed || finding->known;
}

static bool is_case(const struct report_finding *finding) {
    return finding->count && (finding->severity > FINDING_NOTE || is_aside(finding));
}

static struct counts count(const struct report *report) {
    struct counts counts = {.errors = !report_saw_locks(report)};
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        counts.failures += is_case(finding) && !is_aside(finding);
        counts.skipped += is_case(finding) && is_aside(finding);
    }
    for (size_t i = 0; i < report_processes(report); i++)
        counts.errors += report_process(report, i)->state == RECORDING_OFF;
    counts.tests = counts.failures + counts.skipped + counts.errors;
    counts.tests += counts.tests == 0; /* the one that passes */
    return counts;
}

static void write_counts(const struct writer *writer, const struct counts *counts) {
    const struct report_run *run = report_run(writer->report);
    fprintf(writer->out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
            counts->tests, counts->failures, counts->errors, counts->skipped,
            run && run->duration_s > 0 ? run->duration_s : 0.0);
}

/* ISO 8601 without a zone, which is UTC. */
static void write_timestamp(const struct writer *writer) {
    const struct report_run *run = report_run(writer->report);
    uint64_t ns = run                                ? run->started_ns
                  : report_processes(writer->report) ? report_process(writer->report, 0)->started_ns
                                                     : 0;
    time_t seconds = (time_t)(ns / 1000000000u);
    struct tm parts;
    char text[40];
    if (ns && gmtime_r(&seconds, &parts) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts))
        write_attribute(writer, "timestamp", text);
}

static void write_errors(struct writer *writer) {
    if (!report_saw_locks(writer->report))
        write_error(writer, "lock events are seen", "no lock event was seen: this run says nothing");
    for (size_t i = 0; i < report_processes(writer->report); i++) {
        const struct report_process *process = report_process(writer->report, i);
        if (process->state == RECORDING_OFF)
            write_error(writer, "gordian stays on",
                        memory_pool_format(&writer->pool, "gordian turned itself off in process %u: %s",
                                           process->pid, process->off_reason));
    }
}

/* The notes, and what the summary says of the run. */
static void write_output(const struct writer *writer) {
    fputs("    <system-out>", writer->out);
    for (size_t i = 0; i < report_findings(writer->report); i++) {
        const struct report_finding *finding = report_finding(writer->report, i);
        if (finding->count && !is_case(finding))
            write_text(writer, finding);
    }
    char *text = NULL;
    size_t size = 0;
    FILE *buffer = open_memstream(&text, &size);
    if (buffer) {
        report_text_summary(writer->report, &(struct report_style){.utf8 = true}, buffer);
        fclose(buffer);
        escape_write_xml(text, false, writer->out);
        free(text);
    }
    fputs("</system-out>\n", writer->out);
}

int report_junit_write(const struct report *report, const char *directory, FILE *out) {
    const char *exe = report_exe(report);
    struct memory_pool pool = {0};
    struct writer writer = {.report = report,
                            .sources = sources_create(directory),
                            .suite = exe ? frames_basename(exe) : "program",
                            .out = out};
    writer.class_name = class_of(&pool, writer.suite);
    struct counts counts = count(report);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gordian\"", out);
    write_counts(&writer, &counts);
    fputs(">\n  <testsuite", out);
    write_attribute(&writer, "name", writer.suite);
    write_counts(&writer, &counts);
    write_timestamp(&writer);
    fputs(">\n", out);
    write_errors(&writer);
    for (size_t i = 0; i < report_findings(report); i++)
        if (is_case(report_finding(report, i)))
            write_finding(&writer, report_finding(report, i));
    if (counts.failures + counts.skipped + counts.errors == 0) {
        begin_case(&writer, "no finding");
        fputs(" time=\"0\"/>\n", out);
    }
    write_output(&writer);
    fputs("  </testsuite>\n</testsuites>\n", out);
    sources_free(writer.sources);
    memory_pool_free(&writer.pool);
    memory_pool_free(&pool);
    if (fflush(out) != 0)
        return errno ? -errno : -EIO;
    return ferror(out) ? -EIO : 0;
}
