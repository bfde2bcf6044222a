#include "reports/profile_text.h"

#include <stdlib.h>

#include "reports/escape.h"
#include "reports/memory.h"
#include "reports/names.h"
#include "reports/numbers.h"

#define ROWS_SHOWN 10
#define CELL_WIDTH 60 /* longer names push their row to the right */

enum column { LOCK, KIND, PID, TAKEN, CONTENDED, WAIT, LONGEST_WAIT, HELD, LONGEST_HOLD, PLACE, COLUMNS };

struct row {
    const char *cells[COLUMNS];
};

static const char *estimate(struct memory_pool *pool, const struct report_profile *profile,
                            const char *number) {
    return profile->sampled ? memory_pool_format(pool, "~%s", number) : number;
}

/* Characters of valid UTF-8 as they appear. */
static size_t columns_of(const char *text) {
    size_t columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text >> 6) != 2;
    return columns;
}

static const char *escaped(struct memory_pool *pool, const char *text) {
    char *copy = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&copy, &size);
    if (!out)
        return "?";
    escape_write(text, out);
    if (fclose(out) != 0 || !copy)
        return "?";
    const char *kept = memory_pool_copy(pool, copy, size);
    free(copy);
    return kept;
}

static struct row row_of(struct memory_pool *pool, const struct report_profile *profile) {
    const char *place = profile->waits_count ? names_place(pool, &profile->waits[0].stack) : NULL;
    uint64_t tries = profile->acquisitions > profile->contended ? profile->acquisitions : profile->contended;
    return (struct row){{
        [LOCK] = escaped(pool, profile->lock->name),
        [KIND] = names_kind(profile->lock->kind),
        [PID] = memory_pool_format(pool, "%u", profile->process->pid),
        [TAKEN] = estimate(pool, profile, numbers_count(pool, profile->acquisitions)),
        [CONTENDED] = memory_pool_format(pool, "%s (%s)", numbers_count(pool, profile->contended),
                                         numbers_share(pool, profile->contended, tries)),
        [WAIT] = numbers_duration(pool, profile->wait_ns),
        [LONGEST_WAIT] = numbers_duration(pool, profile->longest_wait_ns),
        [HELD] = estimate(pool, profile, numbers_duration(pool, profile->hold_ns)),
        [LONGEST_HOLD] = numbers_duration(pool, profile->longest_hold_ns),
        [PLACE] = place ? escaped(pool, place) : "",
    }};
}

static void write_row(const struct row *row, const size_t *widths, bool pids, FILE *out) {
    const char *gap = "    ";
    int last = *row->cells[PLACE] ? PLACE : PLACE - 1;
    for (int i = 0; i <= last; i++) {
        if (i == PID && !pids)
            continue;
        fprintf(out, "%s%s", gap, row->cells[i]);
        size_t columns = columns_of(row->cells[i]);
        if (i < last)
            fprintf(out, "%*s", columns < widths[i] ? (int)(widths[i] - columns) : 0, "");
        gap = "  ";
    }
    fputc('\n', out);
}

/* The rows to show, and what is left. */
struct table_rows {
    struct row *rows;
    size_t count, left;
    uint64_t left_ns;
    bool pids, sampled;
};

static struct table_rows rows_of(struct memory_pool *pool, const struct report *report, size_t limit) {
    size_t count = report_profiles(report);
    struct table_rows table = {.rows = memory_pool_alloc(pool, (count + 1) * sizeof *table.rows)};
    const struct report_process *process = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct report_profile *profile = report_profile(report, i);
        if (!profile->contended)
            continue;
        if (table.count == limit) {
            table.left++;
            table.left_ns += profile->wait_ns;
            continue;
        }
        table.rows[table.count++] = row_of(pool, profile);
        table.sampled |= profile->sampled;
        table.pids |= process && process != profile->process;
        process = profile->process;
    }
    return table;
}

static uint64_t unprofiled(const struct report *report, uint32_t *bound) {
    uint64_t sum = 0;
    for (size_t i = 0; i < report_processes(report); i++) {
        const struct report_process *process = report_process(report, i);
        sum += process->unprofiled_locks;
        if (process->unprofiled_locks)
            *bound = process->max_profiled;
    }
    return sum;
}

void profile_text_write(const struct report *report, const struct report_style *style, FILE *out) {
    static const struct row head = {{"lock", "kind", "pid", "taken", "had to wait", "waited", "longest",
                                     "held", "longest", "waited most at"}};
    struct memory_pool pool = {0};
    struct table_rows table = rows_of(&pool, report, style->full ? SIZE_MAX : ROWS_SHOWN);
    uint32_t bound = 0;
    uint64_t others = unprofiled(report, &bound);
    size_t widths[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
        widths[i] = columns_of(head.cells[i]);
        for (size_t j = 0; j < table.count; j++) {
            size_t columns = columns_of(table.rows[j].cells[i]);
            if (columns > widths[i] && columns <= CELL_WIDTH)
                widths[i] = columns;
        }
    }
    if (table.count) {
        fprintf(out, "  contention%s:\n", table.sampled ? " (~: estimated from samples)" : "");
        write_row(&head, widths, table.pids, out);
    }
    for (size_t i = 0; i < table.count; i++)
        write_row(&table.rows[i], widths, table.pids, out);
    if (table.left)
        fprintf(out, "    and %s more lock%s, waited for %s in all (--full lists them)\n",
                numbers_count(&pool, table.left), numbers_plural(table.left),
                numbers_duration(&pool, table.left_ns));
    if (table.count && others)
        fprintf(out,
                "    %s more lock%s not measured: only %u of a process are (raise it with "
                "GORDIAN_OPTIONS=max_profiled=N)\n",
                numbers_count(&pool, others), others == 1 ? " was" : "s were", bound);
    memory_pool_free(&pool);
}
