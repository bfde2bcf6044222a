#define _GNU_SOURCE
#include "reports/html_coverage.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "reports/limits.h"
#include "reports/numbers.h"

#define PROCESSES 200
#define UNSEEN 100

static const char *const families[RECORDING_FAMILIES] = {"mutex",     "condition", "thread",  "rwlock",
                                                         "spin lock", "semaphore", "barrier", "other"};

bool html_coverage_saw_locks(const struct report *report) {
    for (int family = 0; family < RECORDING_FAMILIES; family++)
        if (family != RECORDING_FAMILY_THREAD && report_events(report, (enum recording_family)family))
            return true;
    return false;
}

static void write_events(struct html_page *page) {
    size_t threads = 0;
    for (size_t i = 0; i < report_processes(page->report); i++)
        threads += report_process(page->report, i)->threads;
    fputs("<ul class=\"events\">\n", page->out);
    for (int family = 0; family < RECORDING_FAMILIES; family++) {
        uint64_t events = report_events(page->report, (enum recording_family)family);
        html_markup(page, "<li%s><b>%s</b> %s events</li>\n", events ? "" : " class=\"none\"",
                    numbers_count(&page->pool, events), families[family]);
    }
    html_markup(page, "<li><b>%s</b> threads</li>\n<li><b>%s</b> process%s</li>\n</ul>\n",
                numbers_count(&page->pool, threads),
                numbers_count(&page->pool, report_processes(page->report)),
                report_processes(page->report) == 1 ? "" : "es");
}

static void write_item(struct html_page *page, const char *text) {
    fputs("<li>", page->out);
    html_text(page, text);
    fputs("</li>\n", page->out);
}

static void write_unseen(struct html_page *page) {
    const char *const *unseen = report_unseen(page->report);
    size_t count = 0, withdrawn = 0;
    while (unseen[count])
        count++;
    fputs("<h3>What was not seen</h3>\n", page->out);
    if (count) {
        fputs("<p>These modules lock and wait by futexes of their own, below the functions that gordian "
              "watches: "
              "deadlocks through them are not found.</p>\n<ul>\n",
              page->out);
        for (size_t i = 0; i < count && i < UNSEEN; i++)
            write_item(page, unseen[i]);
        if (count > UNSEEN)
            html_markup(page, "<li>%zu more; the JSON report has them</li>\n", count - UNSEEN);
        fputs("</ul>\n", page->out);
    }
    for (size_t i = 0; i < report_findings(page->report); i++) {
        const struct report_finding *finding = report_finding(page->report, i);
        withdrawn += !finding->count && finding->told && finding->severity != FINDING_NOTE;
    }
    fputs("<ul class=\"limits\">\n", page->out);
    if (withdrawn)
        html_markup(page,
                    "<li>%zu finding%s told while the program ran proved wrong later and %s withdrawn</li>\n",
                    withdrawn, numbers_plural(withdrawn), withdrawn == 1 ? "was" : "were");
    size_t lines = withdrawn + count;
    for (size_t i = 0; i < report_processes(page->report); i++) {
        const char *texts[LIMITS_MAX];
        size_t limits = limits_of(&page->pool, report_process(page->report, i), texts);
        for (size_t j = 0; j < limits; j++, lines++)
            write_item(page, texts[j]);
    }
    for (size_t i = 0; report_damage(page->report, i); i++, lines++)
        write_item(page, report_damage(page->report, i));
    for (size_t i = 0; report_remark(page->report, i); i++, lines++)
        write_item(page, report_remark(page->report, i));
    if (!lines)
        fputs("<li>Nothing is known to be missing: no bound was reached, nothing was lost.</li>\n",
              page->out);
    fputs("</ul>\n", page->out);
}

/* An argument as a shell would take it. */
static const char *quoted(struct memory_pool *pool, const char *text) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    if (*text && strspn(text, plain) == strlen(text))
        return text;
    const char *result = "'";
    for (const char *end; *text; text = *end ? end + 1 : end) {
        end = strchrnul(text, '\'');
        const char *part = memory_pool_copy(pool, text, (size_t)(end - text));
        result = memory_pool_format(pool, *end ? "%s%s'\\''" : "%s%s", result, part);
    }
    return memory_pool_format(pool, "%s'", result);
}

static const char *const *arguments(const struct report *report) {
    const struct report_run *run = report_run(report);
    if (run && run->argv)
        return run->argv;
    return report_processes(report) ? report_process(report, 0)->argv : NULL;
}

void html_coverage_command(struct html_page *page, size_t limit) {
    const char *const *argv = arguments(page->report);
    const char *text = "";
    for (size_t i = 0; argv && argv[i] && strlen(text) <= limit * 4; i++)
        text = memory_pool_format(&page->pool, "%s%s%s", text, i ? " " : "", quoted(&page->pool, argv[i]));
    html_short(page, text, limit);
}

static void write_time(struct html_page *page, uint64_t ns) {
    time_t seconds = (time_t)(ns / 1000000000u);
    struct tm parts;
    char text[64];
    if (ns && gmtime_r(&seconds, &parts) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts))
        fputs(text, page->out);
    else
        fputs("not known", page->out);
}

static void write_processes(struct html_page *page) {
    static const char *const states[] = {"starting", "running, or gone without exit handlers", "ended",
                                         "turned itself off"};
    size_t count = report_processes(page->report);
    fputs("<div class=\"scroll\"><table class=\"sortable\" "
          "id=\"processes-table\">\n<caption>Processes</caption>\n"
          "<thead><tr><th scope=\"col\" class=\"num\">pid</th><th scope=\"col\">program</th>"
          "<th scope=\"col\" class=\"num\">parent</th><th scope=\"col\" class=\"num\">threads</th>"
          "<th scope=\"col\" class=\"num\">events</th><th scope=\"col\">state</th>"
          "<th scope=\"col\">recording</th></tr></thead>\n<tbody>\n",
          page->out);
    for (size_t i = 0; i < count && i < PROCESSES; i++) {
        const struct report_process *process = report_process(page->report, i);
        uint64_t events = 0;
        for (int family = 0; family < RECORDING_FAMILIES; family++)
            events += process->events[family];
        html_markup(page, "<tr><td class=\"num\">%u</td><td class=\"name\">", process->pid);
        html_text(page, *process->exe ? process->exe : "not known");
        html_markup(page,
                    "%s</td><td class=\"num\">%u</td><td class=\"num\" data-v=\"%u\">%s</td>"
                    "<td class=\"num\" data-v=\"%" PRIu64 "\">%s</td><td>%s</td><td class=\"site\">",
                    process->forked ? " (forked)" : "", process->parent, process->threads,
                    numbers_count(&page->pool, process->threads), events, numbers_count(&page->pool, events),
                    states[process->state <= RECORDING_OFF ? process->state : 0]);
        html_text(page, process->recording);
        fputs("</td></tr>\n", page->out);
    }
    fputs("</tbody></table></div>\n", page->out);
    if (count > PROCESSES)
        html_markup(page, "<p class=\"dim\">%zu more processes; the JSON report has them.</p>\n",
                    count - PROCESSES);
}

static void write_run(struct html_page *page) {
    const struct report_run *run = report_run(page->report);
    const struct report_process *first =
        report_processes(page->report) ? report_process(page->report, 0) : NULL;
    fputs("<dl>\n<dt>Command</dt><dd><code>", page->out);
    html_coverage_command(page, 2000);
    fputs("</code></dd>\n<dt>Program</dt><dd><code>", page->out);
    html_text(page, run && run->exe ? run->exe : first ? first->exe : "");
    fputs("</code></dd>\n<dt>Started</dt><dd>", page->out);
    write_time(page, run ? run->started_ns : first ? first->started_ns : 0);
    fputs("</dd>\n", page->out);
    if (run) {
        html_markup(page, "<dt>Duration</dt><dd>%.3f s</dd>\n", run->duration_s);
        if (run->exit > 128)
            html_markup(page, "<dt>Exit status</dt><dd>%d (signal %d)</dd>\n", run->exit, run->exit - 128);
        else if (run->exit >= 0)
            html_markup(page, "<dt>Exit status</dt><dd>%d</dd>\n", run->exit);
    }
    html_markup(page, "<dt>gordian</dt><dd>%s</dd>\n</dl>\n", REPORT_TOOL_VERSION);
}

void html_coverage_write(struct html_page *page) {
    html_section(page, "coverage", "Coverage");
    write_events(page);
    if (!html_coverage_saw_locks(page->report))
        fputs("<p class=\"warn\">No lock event was seen: this run says nothing.</p>\n", page->out);
    write_unseen(page);
    html_section_end(page);
    html_section(page, "run", "Run");
    write_run(page);
    write_processes(page);
    html_section_end(page);
}
