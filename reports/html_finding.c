#include "reports/html_finding.h"

#include <inttypes.h>
#include <string.h>

#include "reports/frames.h"
#include "reports/html_knot.h"
#include "reports/html_lane.h"
#include "reports/html_stack.h"
#include "reports/knot.h"
#include "reports/message.h"
#include "reports/names.h"
#include "reports/numbers.h"
#include "reports/step_words.h"
#include "reports/verbs.h"

#define SIDES 32     /* threads that are shown with their stacks */
#define SIDE_HOLDS 8 /* locks held beside the one in the knot that are named */
#define WIDE 3       /* pictures of more threads stand one above the other */
#define LOCKS 32     /* locks that are described */

const char *html_finding_weight(const struct report_finding *finding) {
    return finding->suppressed ? "suppressed"
           : finding->known    ? "known"
                               : finding_severity_name(finding->severity);
}

/* The message with a line for each side of a knot: "title: side; side". */
static void write_message(struct html_page *page, const struct report_finding *finding) {
    const char *title = message_title(finding->kind), *rest = finding->message;
    size_t length = strlen(title);
    if (strncmp(rest, title, length) == 0 && strncmp(rest + length, ": ", 2) == 0) {
        fputs("<span class=\"lead\">", page->out);
        html_text(page, title);
        fputs(":</span> ", page->out);
        rest += length + 2;
    }
    for (const char *end; (end = strstr(rest, "; ")) != NULL; rest = end + 2) {
        fputs("<span class=\"side\">", page->out);
        html_text(page, memory_pool_copy(&page->pool, rest, (size_t)(end - rest) + 1));
        fputs("</span> ", page->out);
    }
    fputs("<span class=\"side\">", page->out);
    html_text(page, rest);
    fputs("</span>", page->out);
}

static void write_facts(struct html_page *page, const struct report_finding *finding) {
    const char *shape = finding_shape_name(finding->shape), *exe = finding->process->exe;
    html_markup(page, "<p class=\"facts\"><span class=\"weight %s\">%s</span> <code>%s</code>",
                html_finding_weight(finding), html_finding_weight(finding), finding_kind_name(finding->kind));
    if (finding->shape != FINDING_SHAPE_NONE && shape)
        html_markup(page, " <span>%s</span>", shape);
    if (finding->suppressed_by) {
        fputs(" <span>by ", page->out);
        html_text(page, finding->suppressed_by);
        fputs("</span>", page->out);
    }
    if (finding->merged) {
        html_markup(page, " <span>in no single run</span> <span>id <code>%s</code></span></p>\n",
                    finding->id);
        return;
    }
    fputs(" <span>", page->out);
    if (finding->count > 1)
        html_markup(page, "seen %s times, first ", numbers_count(&page->pool, finding->count));
    else
        fputs("seen ", page->out);
    html_markup(page, "%.3f s after the start of ", (double)finding->time_ns / 1e9);
    html_text(page, *exe ? frames_basename(exe) : "the process");
    html_markup(page, " (pid %u)</span> <span>id <code>%s</code></span></p>\n", finding->pid, finding->id);
}

static void write_thread_head(struct html_page *page, const struct report_finding *finding, size_t index) {
    const struct report_step *step = &finding->steps[index];
    const struct report_thread *thread = step->thread;
    const char *state = step_words_thread(finding, index);
    bool named = !strstr(thread->name, thread->id);
    html_markup(page, "<h4 class=\"t%u\">", knot_colour(finding, thread));
    html_text(page, thread->name);
    if (*state)
        html_markup(page, " <span>%s</span>", state + strspn(state, ", "));
    fputs("</h4>\n<p class=\"dim\">", page->out);
    if (named)
        html_text(page, thread->id);
    if (thread->tid)
        html_markup(page, "%stid %u", named ? ", " : "", thread->tid);
    const char *place = names_place(&page->pool, &thread->created);
    if (thread->creator || place) {
        fputs(named || thread->tid ? ", created" : "created", page->out);
        if (thread->creator)
            fputs(" by ", page->out);
        html_text(page, thread->creator);
        if (place)
            fputs(" at ", page->out);
        html_text(page, place);
    }
    fputs("</p>\n", page->out);
}

/* "holds alice, locked at", and the stack. */
static void write_act(struct html_page *page, const struct report_finding *finding, const char *class,
                      const struct step_words *words, const struct report_stack *stack) {
    html_markup(page, "<div class=\"act %s\">\n<p class=\"what\"><span class=\"verb\">%s</span> <strong>",
                class, words->verb);
    html_text(page, words->name);
    html_markup(page, "</strong><span class=\"then\">%s</span></p>\n", words->then);
    html_stack_write(page, stack, finding->process);
    fputs("</div>\n", page->out);
}

static void write_hold(struct html_page *page, const struct report_finding *finding, size_t index,
                       const struct report_hold *hold) {
    struct step_words words = step_words_hold(&page->pool, finding, index, hold);
    write_act(page, finding, "holds", &words, &hold->stack);
}

/* Locks held beside the one in the knot. With no such one, all of them matter. */
static void write_other_holds(struct html_page *page, const struct report_finding *finding, size_t index,
                              const struct report_hold *knot) {
    const struct report_step *step = &finding->steps[index];
    size_t shown = 0, left = 0;
    for (size_t i = 0; i < step->holds_count; i++) {
        const struct report_hold *hold = &step->holds[i];
        if (hold == knot || !hold->lock)
            continue;
        if (shown++ >= SIDE_HOLDS) {
            left++;
            continue;
        }
        if (!knot) {
            write_hold(page, finding, index, hold);
            continue;
        }
        fputs("<details class=\"also\"><summary>also holds <strong>", page->out);
        html_text(page, message_object(&page->pool, finding, hold->lock));
        fputs("</strong>", page->out);
        const char *site = html_stack_site_text(page, &hold->stack);
        if (site)
            html_markup(page, ", %s at ", verbs_taken(hold->lock->kind));
        html_text(page, site);
        fputs("</summary>\n", page->out);
        html_stack_write(page, &hold->stack, finding->process);
        fputs("</details>\n", page->out);
    }
    if (left)
        html_markup(page, "<p class=\"dim\">It also holds %zu more locks; the JSON report has them.</p>\n",
                    left);
}

static void write_side(struct html_page *page, const struct report_finding *finding, size_t index) {
    const struct report_step *step = &finding->steps[index];
    const struct report_hold *knot = message_knot_hold(finding, index), *wants = &step->wants;
    fputs("<section class=\"thread\">\n", page->out);
    write_thread_head(page, finding, index);
    if (knot && (knot->lock->kind != LOCK_KIND_THREAD || finding->kind == FINDING_MISUSE_BAD_JOIN))
        write_hold(page, finding, index, knot);
    write_other_holds(page, finding, index, knot);
    if (wants->lock) {
        struct step_words words = step_words_wish(&page->pool, finding, index);
        write_act(page, finding, "wants", &words, &wants->stack);
    }
    fputs("</section>\n", page->out);
}

static bool wait_alike(const struct report_step *a, const struct report_step *b) {
    return !a->holds_count && !b->holds_count && a->wants.lock == b->wants.lock &&
           a->wants.mode == b->wants.mode && a->wants.stack.frames == b->wants.stack.frames;
}

/* The threads; of those that are blocked alike, the first with the number of the others. */
static void write_sides(struct html_page *page, const struct report_finding *finding) {
    size_t shown = 0, next;
    html_markup(page, "<div class=\"sides n%zu\">\n", finding->steps_count < 4 ? finding->steps_count : 4);
    for (size_t i = 0; i < finding->steps_count && shown < SIDES; i = next, shown++) {
        write_side(page, finding, i);
        next = i + 1;
        while (finding->kind == FINDING_HANG_ALL_BLOCKED && next < finding->steps_count &&
               wait_alike(&finding->steps[i], &finding->steps[next]))
            next++;
        if (next > i + 1)
            html_markup(page, "<p class=\"dim\">And so %s %zu more thread%s.</p>\n",
                        next == i + 2 ? "does" : "do", next - i - 1, numbers_plural(next - i - 1));
        if (shown + 1 == SIDES && next < finding->steps_count)
            html_markup(page, "<p class=\"dim\">%zu more threads; the JSON report has them.</p>\n",
                        finding->steps_count - next);
    }
    fputs("</div>\n", page->out);
}

static void write_locks(struct html_page *page, const struct report_finding *finding) {
    size_t shown = 0;
    for (size_t i = 0; i < finding->locks_count; i++) {
        const struct report_lock *lock = finding->locks[i];
        if (lock->kind == LOCK_KIND_THREAD || (!lock->address && lock->kind != LOCK_KIND_FILE))
            continue;
        if (shown++ == LOCKS) {
            html_markup(page, "<li class=\"dim\">%zu more locks; the JSON report has them</li>\n",
                        finding->locks_count - i);
            break;
        }
        fputs(shown == 1 ? "<ul class=\"locks\">\n<li><strong>" : "<li><strong>", page->out);
        html_text(page, message_lock(&page->pool, finding, lock));
        html_markup(page, "</strong> %s%s", names_kind(lock->kind), names_purpose(&page->pool, lock));
        if (lock->address)
            html_markup(page, " at <code>0x%" PRIx64 "</code>", lock->address);
        const char *place =
            lock->variable || lock->named ? names_place(&page->pool, &lock->initialised) : NULL;
        if (place)
            fputs(", initialised at ", page->out);
        html_text(page, place);
        fputs("</li>\n", page->out);
    }
    if (shown)
        fputs("</ul>\n", page->out);
}

/* The suppression that silences exactly this finding, to copy. */
static void write_rule(struct html_page *page, const struct report_finding *finding, const char *rule) {
    if (!rule)
        return;
    html_markup(page,
                "<details class=\"rule\"><summary>Suppress this finding</summary>\n"
                "<p class=\"dim\">Append this to the file of <code>--suppressions FILE</code>.</p>\n"
                "<pre id=\"rule-%s\">",
                finding->id);
    html_text_lines(page, rule);
    html_markup(
        page,
        "</pre><button type=\"button\" class=\"copy\" data-copy=\"rule-%s\" hidden>Copy</button></details>\n",
        finding->id);
}

static void write_body(struct html_page *page, const struct report_finding *finding, bool brief) {
    if (brief) {
        fputs(
            "<p class=\"dim\">The page has grown large: the stacks of this finding are in the JSON and text "
            "reports.</p>\n",
            page->out);
        return;
    }
    html_markup(page, "<div class=\"pictures%s\">\n", finding->steps_count > WIDE ? " wide" : "");
    html_knot_write(page, finding);
    html_lane_write(page, finding);
    fputs("</div>\n", page->out);
    write_sides(page, finding);
    write_locks(page, finding);
}

void html_finding_write(struct html_page *page, const struct report_finding *finding, bool open) {
    long at = ftell(page->out);
    page->written = at > 0 ? (size_t)at : 0;
    bool brief = page->written > HTML_PAGE_BRIEF;
    page->brief += brief;
    page->lean += !brief && page->written > HTML_PAGE_LEAN;
    html_markup(page,
                "<article class=\"finding %s\" id=\"f-%s\" data-row=\"r-%s\">\n<details%s>\n<summary><h3>",
                html_finding_weight(finding), finding->id, finding->id, open ? " open" : "");
    write_message(page, finding);
    fputs("</h3></summary>\n", page->out);
    write_facts(page, finding);
    write_body(page, finding, brief);
    write_rule(page, finding, finding->rule);
    fputs("</details>\n</article>\n", page->out);
}
