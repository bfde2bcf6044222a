#include "reports/html_contention.h"

#include <inttypes.h>

#include "reports/names.h"
#include "reports/numbers.h"

#define ROWS 500

static void write_head(struct html_page *page, bool pids) {
    static const struct {
        const char *name;
        bool number;
    } columns[] = {{"lock", false},   {"kind", false},          {"pid", true},
                   {"taken", true},   {"had to wait", true},    {"share", true},
                   {"waited", true},  {"longest", true},        {"held", true},
                   {"longest", true}, {"waited most at", false}};
    fputs("<div class=\"scroll\"><table class=\"sortable\" id=\"contention-table\">\n<thead><tr>", page->out);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (pids || i != 2)
            html_markup(page, "<th scope=\"col\"%s>%s</th>", columns[i].number ? " class=\"num\"" : "",
                        columns[i].name);
    fputs("</tr></thead>\n<tbody>\n", page->out);
}

/* A number as people read it, and as it is sorted. */
static void write_number(struct html_page *page, uint64_t value, bool estimate, const char *text) {
    html_markup(page, "<td class=\"num\" data-v=\"%" PRIu64 "\">%s%s</td>", value, estimate ? "~" : "", text);
}

static void write_row(struct html_page *page, const struct report_profile *profile, bool pids) {
    struct memory_pool *pool = &page->pool;
    uint64_t tries = profile->acquisitions > profile->contended ? profile->acquisitions : profile->contended;
    fputs("<tr><td class=\"name\">", page->out);
    html_text(page, profile->lock->name);
    html_markup(page, "</td><td>%s</td>", names_kind(profile->lock->kind));
    if (pids)
        html_markup(page, "<td class=\"num\" data-v=\"%u\">%u</td>", profile->process->pid,
                    profile->process->pid);
    write_number(page, profile->acquisitions, profile->sampled, numbers_count(pool, profile->acquisitions));
    write_number(page, profile->contended, false, numbers_count(pool, profile->contended));
    write_number(page, tries ? (uint64_t)(1e6 * (double)profile->contended / (double)tries) : 0, false,
                 numbers_share(pool, profile->contended, tries));
    write_number(page, profile->wait_ns, false, numbers_duration(pool, profile->wait_ns));
    write_number(page, profile->longest_wait_ns, false, numbers_duration(pool, profile->longest_wait_ns));
    write_number(page, profile->hold_ns, profile->sampled, numbers_duration(pool, profile->hold_ns));
    write_number(page, profile->longest_hold_ns, false, numbers_duration(pool, profile->longest_hold_ns));
    fputs("<td class=\"site\">", page->out);
    if (profile->waits_count)
        html_text(page, names_place(pool, &profile->waits[0].stack));
    fputs("</td></tr>\n", page->out);
}

/* What the table leaves out, and what was not measured. */
static void write_rest(struct html_page *page, size_t left, uint64_t left_ns, bool sampled) {
    struct memory_pool *pool = &page->pool;
    uint64_t others = 0;
    uint32_t bound = 0;
    for (size_t i = 0; i < report_processes(page->report); i++) {
        const struct report_process *process = report_process(page->report, i);
        others += process->unprofiled_locks;
        if (process->unprofiled_locks)
            bound = process->max_profiled;
    }
    if (sampled)
        fputs("<p class=\"dim\">~: estimated from samples.</p>\n", page->out);
    if (left)
        html_markup(page,
                    "<p class=\"dim\">%s more lock%s, waited for %s in all; the JSON report has them.</p>\n",
                    numbers_count(pool, left), numbers_plural(left), numbers_duration(pool, left_ns));
    if (others)
        html_markup(page,
                    "<p class=\"dim\">%s more lock%s not measured: only %u of a process are (raise it with "
                    "GORDIAN_OPTIONS=max_profiled=N).</p>\n",
                    numbers_count(pool, others), others == 1 ? " was" : "s were", bound);
}

void html_contention_write(struct html_page *page) {
    size_t count = report_profiles(page->report), rows = 0, left = 0;
    uint64_t left_ns = 0;
    bool sampled = false;
    html_section(page, "contention", "Contention");
    for (size_t i = 0; i < count; i++) {
        const struct report_profile *profile = report_profile(page->report, i);
        if (!profile->contended)
            continue;
        if (rows == ROWS) {
            left++;
            left_ns += profile->wait_ns;
            continue;
        }
        if (!rows++)
            write_head(page, report_processes(page->report) > 1);
        write_row(page, profile, report_processes(page->report) > 1);
        sampled |= profile->sampled;
    }
    fputs(rows ? "</tbody></table></div>\n" : "<p class=\"lede\">No lock had to be waited for.</p>\n",
          page->out);
    write_rest(page, left, left_ns, sampled);
    html_section_end(page);
}
