#include "reports/report_html.h"

#include <errno.h>
#include <inttypes.h>

#include "reports/frames.h"
#include "reports/html_assets.h"
#include "reports/html_contention.h"
#include "reports/html_coverage.h"
#include "reports/html_finding.h"
#include "reports/html_orders.h"
#include "reports/html_page.h"
#include "reports/numbers.h"
#include "reports/table.h"

#define OPEN_FINDINGS 8     /* that are unfolded when the page opens: errors and warnings first */
#define FILTER_PROCESSES 50 /* names in the filter */

struct tally {
    size_t findings, errors, warnings, notes, suppressed, known;
};

static struct tally tally_of(const struct report *report) {
    struct tally tally = {0};
    for (size_t i = 0; i < report_findings(report); i++) {
        const struct report_finding *finding = report_finding(report, i);
        if (!finding->count)
            continue;
        bool counts = !finding->suppressed && !finding->known;
        tally.findings++;
        tally.suppressed += finding->suppressed;
        tally.known += finding->known && !finding->suppressed;
        tally.errors += finding->severity == FINDING_ERROR && counts;
        tally.warnings += finding->severity == FINDING_WARNING && counts;
        tally.notes += finding->severity == FINDING_NOTE && counts;
    }
    return tally;
}

/* The order on the page: what happened, other errors, warnings, notes, known and suppressed ones; as they
 * were found within each. */
#define RANKS 6
static unsigned rank_of(const struct report_finding *finding) {
    bool happened = finding->kind == FINDING_DEADLOCK_ACTUAL || finding->kind == FINDING_HANG_ALL_BLOCKED;
    return finding->suppressed                    ? 5
           : finding->known                       ? 4
           : finding->severity == FINDING_ERROR   ? !happened
           : finding->severity == FINDING_WARNING ? 2
                                                  : 3;
}

/* Call for each finding that counts, in that order. */
static void each_finding(struct html_page *page,
                         void (*write)(struct html_page *page, const struct report_finding *finding,
                                       size_t place)) {
    size_t place = 0;
    for (unsigned rank = 0; rank < RANKS; rank++)
        for (size_t i = 0; i < report_findings(page->report); i++) {
            const struct report_finding *finding = report_finding(page->report, i);
            if (finding->count && rank_of(finding) == rank)
                write(page, finding, place++);
        }
}

static const char *program_name(const struct report *report) {
    const struct report_run *run = report_run(report);
    const char *exe = run && run->exe            ? run->exe
                      : report_processes(report) ? report_process(report, 0)->exe
                                                 : "";
    return *exe ? frames_basename(exe) : "the program";
}

static const char *verdict(struct html_page *page, const struct tally *tally) {
    if (tally->findings)
        return memory_pool_format(&page->pool, "%s finding%s", numbers_count(&page->pool, tally->findings),
                                  numbers_plural(tally->findings));
    return html_coverage_saw_locks(page->report) ? "No finding" : "No lock event was seen";
}

static void write_head(struct html_page *page, const struct tally *tally) {
    html_markup(page,
                "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '%s'; "
                "script-src '%s'; base-uri 'none'; form-action 'none'\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" "
                "content=\"no-referrer\">\n"
                "<title>",
                html_assets_css_hash, html_assets_js_hash);
    html_text(page, verdict(page, tally));
    fputs(" in ", page->out);
    html_text(page, program_name(page->report));
    html_markup(page, " - gordian</title>\n<style>%s</style>\n</head>\n<body>\n", html_assets_css);
}

static void write_bar(struct html_page *page) {
    fputs("<a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n"
          "<header class=\"bar\"><a class=\"brand\" href=\"#top\">gordian</a>\n<nav aria-label=\"Sections\">"
          "<a href=\"#overview\">Findings</a><a href=\"#orders\">Lock orders</a>"
          "<a href=\"#contention\">Contention</a><a href=\"#coverage\">Coverage</a><a "
          "href=\"#run\">Run</a></nav>\n"
          "<div class=\"tools\"><button type=\"button\" id=\"keys-button\" hidden>Keys</button>"
          "<button type=\"button\" id=\"theme-button\" hidden>Theme</button></div></header>\n",
          page->out);
}

static void write_count(struct html_page *page, size_t count, const char *class, const char *word) {
    if (count)
        html_markup(page, "<li class=\"%s\"><b>%s</b> %s%s</li>\n", class, numbers_count(&page->pool, count),
                    word, class[0] == 's' ? "" : numbers_plural(count));
}

static void write_verdict(struct html_page *page, const struct tally *tally) {
    const struct report_run *run = report_run(page->report);
    html_markup(page, "<section class=\"verdict\" id=\"top\">\n<h1>%s in <span>", verdict(page, tally));
    html_text(page, program_name(page->report));
    fputs("</span></h1>\n<p class=\"command\"><code>", page->out);
    html_coverage_command(page, 160);
    fputs("</code></p>\n<ul class=\"tally\">\n", page->out);
    write_count(page, tally->errors, "error", "error");
    write_count(page, tally->warnings, "warning", "warning");
    write_count(page, tally->notes, "note", "note");
    write_count(page, tally->known, "suppressed", "known from the baseline");
    write_count(page, tally->suppressed, "suppressed", "suppressed");
    if (!html_coverage_saw_locks(page->report))
        fputs("<li class=\"warning\">This run says nothing: it used no lock that gordian watches.</li>\n",
              page->out);
    else if (!tally->findings)
        fputs("<li class=\"clean\">No deadlock happened, and no order of locks could lead to one in what was "
              "seen."
              "</li>\n",
              page->out);
    if (run && run->exit >= 0)
        html_markup(page, "<li>ran %.2f s</li>\n", run->duration_s);
    fputs("</ul>\n</section>\n", page->out);
}

/* ---- the overview ---- */

/* The program of a finding, as the filter names it. */
static const char *process_name(struct html_page *page, const struct report_finding *finding) {
    const char *exe = finding->process->exe;
    return memory_pool_format(&page->pool, "%s (pid %u)", *exe ? frames_basename(exe) : "process",
                              finding->pid);
}

static void write_kinds(struct html_page *page) {
    bool seen[FINDING_KINDS] = {false};
    for (size_t i = 0; i < report_findings(page->report); i++) {
        const struct report_finding *finding = report_finding(page->report, i);
        if (finding->count && finding->kind < FINDING_KINDS)
            seen[finding->kind] = true;
    }
    fputs("<label>Kind <select id=\"by-kind\"><option value=\"\">all</option>", page->out);
    for (uint32_t kind = 0; kind < FINDING_KINDS; kind++)
        if (seen[kind])
            html_markup(page, "<option>%s</option>", finding_kind_name(kind));
    fputs("</select></label>\n", page->out);
}

static void write_processes(struct html_page *page) {
    struct table seen = {0};
    size_t names = 0;
    if (report_processes(page->report) < 2)
        return;
    fputs("<label>Process <select id=\"by-process\"><option value=\"\">all</option>", page->out);
    for (size_t i = 0; i < report_findings(page->report); i++) {
        const struct report_finding *finding = report_finding(page->report, i);
        if (!finding->count || table_find(&seen, finding->pid))
            continue;
        table_put(&seen, finding->pid, page);
        if (names++ >= FILTER_PROCESSES)
            continue;
        html_markup(page, "<option value=\"%u\">", finding->pid);
        html_text(page, process_name(page, finding));
        fputs("</option>", page->out);
    }
    if (names > FILTER_PROCESSES)
        html_markup(page, "<option disabled>%zu more: search for them</option>", names - FILTER_PROCESSES);
    fputs("</select></label>\n", page->out);
    table_free(&seen);
}

static void write_filter(struct html_page *page, const struct tally *tally) {
    static const char *const weights[] = {"error", "warning", "note", "known", "suppressed"};
    const size_t counts[] = {tally->errors, tally->warnings, tally->notes, tally->known, tally->suppressed};
    fputs("<form class=\"filter\" id=\"filter\" role=\"search\" hidden>\n"
          "<label class=\"search\">Search <input type=\"search\" id=\"search\" placeholder=\"lock, function, "
          "file, "
          "id\" autocomplete=\"off\" spellcheck=\"false\"></label>\n<fieldset><legend>Show</legend>",
          page->out);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (counts[i])
            html_markup(
                page,
                "<label class=\"%s\"><input type=\"checkbox\" name=\"weight\" value=\"%s\" checked> %s "
                "<span>%s</span></label>",
                weights[i], weights[i], weights[i], numbers_count(&page->pool, counts[i]));
    fputs("</fieldset>\n", page->out);
    write_kinds(page);
    write_processes(page);
    fputs("<output id=\"shown\" aria-live=\"polite\"></output>\n"
          "<span class=\"fold\"><button type=\"button\" id=\"unfold\">Unfold all</button>"
          "<button type=\"button\" id=\"fold\">Fold all</button></span>\n</form>\n",
          page->out);
}

static void write_row(struct html_page *page, const struct report_finding *finding, size_t place) {
    html_markup(
        page,
        "<tr id=\"r-%s\" data-weight=\"%s\" data-kind=\"%s\" data-process=\"%u\">"
        "<td class=\"num\" data-v=\"%zu\">%zu</td><td data-v=\"%u\"><span class=\"weight %s\">%s</span></td>"
        "<td class=\"conflict\"><a href=\"#f-%s\">",
        finding->id, html_finding_weight(finding), finding_kind_name(finding->kind), finding->pid, place,
        place + 1, rank_of(finding), html_finding_weight(finding), html_finding_weight(finding), finding->id);
    html_text(page, finding->message);
    html_markup(page,
                "</a></td><td><code>%s</code></td><td class=\"num\" data-v=\"%" PRIu64
                "\">%s</td><td class=\"num\" data-v=\"%" PRIu64 "\">%.3f s</td>",
                finding_kind_name(finding->kind), finding->count, numbers_count(&page->pool, finding->count),
                finding->time_ns, (double)finding->time_ns / 1e9);
    if (report_processes(page->report) > 1) {
        fputs("<td>", page->out);
        html_text(page, process_name(page, finding));
        fputs("</td>", page->out);
    }
    fputs("</tr>\n", page->out);
    memory_pool_free(&page->pool);
}

static void write_overview(struct html_page *page, const struct tally *tally) {
    if (!tally->findings)
        return;
    html_section(page, "overview", "Findings");
    if (tally->findings == 1) { /* it stands below: nothing to choose from */
        html_section_end(page);
        return;
    }
    write_filter(page, tally);
    html_markup(
        page,
        "<div class=\"scroll\"><table class=\"sortable\" id=\"overview-table\">\n<thead><tr>"
        "<th scope=\"col\" class=\"num\">#</th><th scope=\"col\">severity</th><th scope=\"col\">conflict</th>"
        "<th scope=\"col\">kind</th><th scope=\"col\" class=\"num\">times</th>"
        "<th scope=\"col\" class=\"num\">first</th>%s</tr></thead>\n<tbody>\n",
        report_processes(page->report) > 1 ? "<th scope=\"col\">process</th>" : "");
    each_finding(page, write_row);
    fputs("</tbody></table></div>\n<p class=\"empty\" id=\"empty\" hidden>Nothing matches.</p>\n", page->out);
    html_section_end(page);
}

static void write_finding(struct html_page *page, const struct report_finding *finding, size_t place) {
    html_finding_write(page, finding, place < OPEN_FINDINGS);
    memory_pool_free(&page->pool);
}

static void write_findings(struct html_page *page, const struct tally *tally) {
    fputs("<div id=\"findings\">\n", page->out);
    if (tally->findings)
        each_finding(page, write_finding);
    fputs("</div>\n", page->out);
    if (page->lean || page->brief)
        html_markup(
            page,
            "<p class=\"warn\">So that a browser can open this page, %zu findings came without source lines "
            "and full stacks, and %zu without stacks. The JSON report has everything.</p>\n",
            page->lean, page->brief);
}

static void write_end(struct html_page *page) {
    html_markup(
        page,
        "<dialog id=\"keys\" aria-label=\"Keys\"><h2>Keys</h2>\n<dl>"
        "<dt><kbd>/</kbd></dt><dd>search</dd><dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>next, previous "
        "finding</dd>"
        "<dt><kbd>o</kbd></dt><dd>unfold or fold the finding</dd>"
        "<dt><kbd>e</kbd> <kbd>c</kbd></dt><dd>unfold all, fold all</dd>"
        "<dt><kbd>t</kbd></dt><dd>light, dark, as the system</dd>"
        "<dt><kbd>g</kbd></dt><dd>the graph: <kbd>+</kbd> <kbd>-</kbd> <kbd>0</kbd> zoom, arrows move</dd>"
        "<dt><kbd>Enter</kbd></dt><dd>on a column's head: sort</dd>"
        "<dt><kbd>?</kbd></dt><dd>this list</dd></dl>\n"
        "<form method=\"dialog\"><button>Close</button></form></dialog>\n"
        "<script>%s</script>\n</body>\n</html>\n",
        html_assets_js);
}

int report_html_write(const struct report *report, FILE *out) {
    struct html_page page = {.report = report, .out = out, .sources = source_files_create()};
    struct tally tally = tally_of(report);
    write_head(&page, &tally);
    write_bar(&page);
    fputs("<main>\n", out);
    write_verdict(&page, &tally);
    write_overview(&page, &tally);
    write_findings(&page, &tally);
    html_orders_write(&page);
    html_contention_write(&page);
    html_coverage_write(&page);
    fputs("</main>\n", out);
    write_end(&page);
    source_files_free(page.sources);
    memory_pool_free(&page.pool);
    if (fflush(out) != 0)
        return errno ? -errno : -EIO;
    return ferror(out) ? -EIO : 0;
}
