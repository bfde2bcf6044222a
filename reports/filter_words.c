#include "reports/filter_words.h"

#include <stdlib.h>
#include <string.h>

#include "reports/numbers.h"

static struct filter_lines room_for(struct memory_pool *pool, size_t count) {
    return (struct filter_lines){.lines = memory_pool_alloc(pool, (count + 1) * sizeof(char *))};
}

static void add(struct filter_lines *lines, const char *line) {
    lines->lines[lines->count++] = line;
}

struct filter_lines filter_words_aside(struct memory_pool *pool, const struct report *report) {
    const struct filter *filter = report_filter(report);
    if (!filter)
        return (struct filter_lines){0};
    size_t rules = filter_rules(filter), *counts = filter_silenced(filter, report);
    struct filter_lines lines = room_for(pool, rules + 1);
    for (size_t i = 0; i <= rules; i++) {
        const struct suppression *rule = filter_rule(filter, i);
        const char *count = numbers_count(pool, counts[i]), *plural = numbers_plural(counts[i]);
        if (counts[i] && rule)
            add(&lines, memory_pool_format(pool, "%s finding%s by rule %s (%s:%u)", count, plural, rule->name,
                                           rule->file, rule->line));
        else if (counts[i])
            add(&lines, memory_pool_format(pool, "%s finding%s outside of %s", count, plural,
                                           filter_modules(filter)));
    }
    free(counts);
    return lines;
}

static const char *expired(struct memory_pool *pool, const struct suppression *rule) {
    const char *text = memory_pool_format(
        pool, "rule %s (%s:%u) expired on %04u-%02u-%02u and silences nothing any more", rule->name,
        rule->file, rule->line, rule->expires / 10000, rule->expires / 100 % 100, rule->expires % 100);
    return rule->matched
               ? memory_pool_format(pool, "%s; it would have silenced %s finding%s", text,
                                    numbers_count(pool, rule->matched), numbers_plural(rule->matched))
               : text;
}

/* The rules that silenced nothing, in one line; NULL when there are none. */
static const char *unused(struct memory_pool *pool, const struct filter *filter, size_t names) {
    const struct suppression *rule;
    const char *text = NULL;
    size_t count = 0;
    for (size_t i = 0; (rule = filter_rule(filter, i)) != NULL; i++) {
        if (rule->matched || rule->expired)
            continue;
        if (count++ < names)
            text = memory_pool_format(pool, "%s%s%s (%s:%u)", text ? text : "", text ? ", " : "", rule->name,
                                      rule->file, rule->line);
    }
    if (count > names)
        text =
            memory_pool_format(pool, "%s and %s more", text ? text : "", numbers_count(pool, count - names));
    return count ? memory_pool_format(pool, "%s rule%s silenced nothing in this run: %s",
                                      numbers_count(pool, count), numbers_plural(count), text)
                 : NULL;
}

/* "gordian.supp:4" of "gordian.supp:4: what is wrong". */
static const char *place_of(struct memory_pool *pool, const char *mistake) {
    const char *end = strstr(mistake, ": ");
    return end ? memory_pool_copy(pool, mistake, (size_t)(end - mistake)) : mistake;
}

/* The rules with mistakes, in one line; NULL when there are none. */
static const char *left_out(struct memory_pool *pool, const struct filter *filter, size_t names) {
    const char *text = NULL;
    size_t count = 0;
    for (; filter_mistake(filter, count); count++)
        if (count < names)
            text = memory_pool_format(pool, "%s%s%s", text ? text : "", text ? ", " : "",
                                      place_of(pool, filter_mistake(filter, count)));
    if (count > names)
        text =
            memory_pool_format(pool, "%s and %s more", text ? text : "", numbers_count(pool, count - names));
    return count ? memory_pool_format(pool, "mistakes in suppressions, whose rules do not count: %s", text)
                 : NULL;
}

struct filter_lines filter_words_remarks(struct memory_pool *pool, const struct report *report,
                                         size_t names) {
    const struct filter *filter = report_filter(report);
    if (!filter)
        return (struct filter_lines){0};
    struct filter_lines lines = room_for(pool, filter_rules(filter) + 3);
    const char *text = left_out(pool, filter, names);
    if (text)
        add(&lines, text);
    for (size_t i = 0; i < filter_rules(filter); i++)
        if (filter_rule(filter, i)->expired)
            add(&lines, expired(pool, filter_rule(filter, i)));
    text = unused(pool, filter, names);
    if (text)
        add(&lines, text);
    size_t gone = filter_gone(filter, report);
    if (gone)
        add(&lines,
            memory_pool_format(pool, "%s finding%s of the baseline %s not seen this time",
                               numbers_count(pool, gone), numbers_plural(gone), gone == 1 ? "was" : "were"));
    return lines;
}
