#include "reports/suppressions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reports/escape.h"
#include "reports/file_text.h"
#include "reports/glob.h"
#include "reports/memory.h"
#include "reports/rule_match.h"

#define FILE_LIMIT ((size_t)16 * 1024 * 1024)
#define LINE_LIMIT 4096
#define FRAMES_LIMIT 64
#define EXCERPT 40 /* bytes of a line that a mistake shows */

struct rule {
    struct suppression shown;
    struct rule_condition *conditions; /* the cheapest first, once the rule is finished */
    size_t count, capacity;
    bool wrong; /* a mistake was told */
};

struct suppressions {
    struct memory_pool pool;
    uint32_t today;
    struct rule **rules;
    size_t rules_count, rules_capacity;
    const char **mistakes;
    size_t mistakes_count, mistakes_capacity;
};

/* What is being read. */
struct reading {
    struct suppressions *set;
    const char *file;
    unsigned line;
    struct rule *rule; /* that lines belong to; NULL: none */
    bool stray;        /* that lines belong to none was told */
};

struct suppressions *suppressions_create(uint32_t today) {
    size_t capacity = 0;
    struct suppressions *set = memory_array_grow(NULL, &capacity, 1, sizeof *set);
    *set = (struct suppressions){.today = today};
    return set;
}

void suppressions_free(struct suppressions *set) {
    if (!set)
        return;
    for (size_t i = 0; i < set->rules_count; i++)
        free(set->rules[i]->conditions);
    free((void *)set->rules);
    free((void *)set->mistakes);
    memory_pool_free(&set->pool);
    free(set);
}

const char *suppressions_mistake(const struct suppressions *set, size_t index) {
    return index < set->mistakes_count ? set->mistakes[index] : NULL;
}

size_t suppressions_rules(const struct suppressions *set) {
    return set->rules_count;
}

const struct suppression *suppressions_rule(const struct suppressions *set, size_t index) {
    return index < set->rules_count ? &set->rules[index]->shown : NULL;
}

static void add_mistake(struct reading *reading, const char *what) {
    struct suppressions *set = reading->set;
    set->mistakes = memory_array_grow((void *)set->mistakes, &set->mistakes_capacity, set->mistakes_count + 1,
                                      sizeof *set->mistakes);
    set->mistakes[set->mistakes_count++] =
        memory_pool_format(&set->pool, "%s:%u: %s", reading->file, reading->line, what);
}

/* Tell the first mistake of the rule, which is left out then. */
static void leave_out(struct reading *reading, const char *what) {
    if (reading->rule->wrong)
        return;
    reading->rule->wrong = true;
    add_mistake(reading, memory_pool_format(&reading->set->pool, "%s: this rule is left out", what));
}

/* A text fit to print, and if it is longer than the limit, its beginning. */
static const char *printable(struct reading *reading, const char *text, size_t limit) {
    struct memory_pool *pool = &reading->set->pool;
    char *escaped = NULL;
    size_t size = 0, length = strlen(text);
    FILE *out = open_memstream(&escaped, &size);
    if (!out)
        return "?";
    escape_write(length > limit ? memory_pool_copy(pool, text, limit) : text, out);
    fputs(length > limit ? "..." : "", out);
    fclose(out);
    const char *copy = escaped ? memory_pool_copy(pool, escaped, size) : "?";
    free(escaped);
    return copy;
}

static const char *excerpt(struct reading *reading, const char *text) {
    return printable(reading, text, EXCERPT);
}

static void add_condition(struct reading *reading, struct rule_condition condition) {
    struct rule *rule = reading->rule;
    rule->conditions =
        memory_array_grow(rule->conditions, &rule->capacity, rule->count + 1, sizeof *rule->conditions);
    rule->conditions[rule->count++] = condition;
}

/* What is asked first can spare the rest. */
static int compare_conditions(const void *a, const void *b) {
    const struct rule_condition *x = a, *y = b;
    return (int)x->what - (int)y->what;
}

/* The rule has no more lines: it counts if it is right. */
static void finish_rule(struct reading *reading) {
    struct suppressions *set = reading->set;
    struct rule *rule = reading->rule;
    if (!rule)
        return;
    if (!rule->count) {
        reading->line = rule->shown.line;
        leave_out(reading, "it asks for nothing, so it would silence everything");
    }
    reading->rule = NULL;
    if (rule->wrong) {
        free(rule->conditions);
        return;
    }
    qsort(rule->conditions, rule->count, sizeof *rule->conditions, compare_conditions);
    rule->shown.expired = rule->shown.expires && rule->shown.expires < set->today;
    set->rules =
        memory_array_grow((void *)set->rules, &set->rules_capacity, set->rules_count + 1, sizeof *set->rules);
    rule->shown.index = set->rules_count;
    set->rules[set->rules_count++] = rule;
}

/* `name` is kept. */
static void begin_rule(struct reading *reading, const char *name) {
    unsigned line = reading->line;
    finish_rule(reading);
    reading->line = line;
    reading->rule = memory_pool_alloc(&reading->set->pool, sizeof *reading->rule);
    reading->rule->shown = (struct suppression){.name = name, .file = reading->file, .line = line};
}

static bool make_glob(struct reading *reading, const char *text, struct glob *glob) {
    size_t length = strlen(text), slashes = 0;
    while (slashes < length && text[length - 1 - slashes] == '\\')
        slashes++;
    if (!length)
        leave_out(reading, "there is no glob");
    else if (length > GLOB_LIMIT)
        leave_out(reading, "the glob is longer than 1,000 bytes");
    else if (slashes % 2)
        leave_out(reading, "the glob ends with a \\ that takes nothing literally");
    else
        *glob = glob_of(text);
    return !reading->rule->wrong;
}

/* "module:libfoo.so*", "transfer", "..." */
static bool make_frame(struct reading *reading, const char *text, struct rule_frame *frame) {
    static const char *const words[RULE_PARTS] = {
        [RULE_FUNCTION] = "function:", [RULE_FILE] = "file:", [RULE_MODULE] = "module:"};
    *frame = (struct rule_frame){.part = RULE_ANY};
    frame->gap = strcmp(text, "...") == 0;
    if (frame->gap)
        return true;
    for (enum rule_part i = RULE_FUNCTION; i < RULE_PARTS; i++) {
        size_t length = strlen(words[i]);
        if (strncmp(text, words[i], length) == 0 && text[length] != ':') { /* "file::open" is C++ */
            frame->part = i;
            text += length + strspn(text + length, " \t");
            break;
        }
    }
    return make_glob(reading, text, &frame->glob);
}

/* Cut blanks off both ends, in place. */
static char *trimmed(char *text) {
    text += strspn(text, " \t\r\v\f");
    size_t length = strlen(text);
    while (length && strchr(" \t\r\v\f", text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

/* `value` is cut into pieces and kept. */
static void add_frames(struct reading *reading, char *value, enum rule_question what) {
    struct rule_condition condition = {.what = what};
    size_t room = 0;
    struct rule_frame *frames = NULL;
    for (char *at = value, *end; at; at = end) {
        end = what == RULE_FRAMES ? strchr(at, ';') : NULL;
        if (end)
            *end++ = '\0';
        if (condition.frames_count == FRAMES_LIMIT) {
            leave_out(reading, "there are more than 64 frames");
            break;
        }
        frames = memory_array_grow(frames, &room, condition.frames_count + 1, sizeof *frames);
        if (!make_frame(reading, trimmed(at), &frames[condition.frames_count++]))
            break;
    }
    condition.frames = (void *)memory_pool_copy(&reading->set->pool, (const char *)frames,
                                                condition.frames_count * sizeof *frames);
    free(frames);
    bool gaps = true;
    for (size_t i = 0; i < condition.frames_count; i++)
        gaps &= condition.frames[i].gap;
    if (gaps && !reading->rule->wrong)
        leave_out(reading, "it asks for no frame");
    add_condition(reading, condition);
}

/* 20270131 for "2027-01-31", 0 when it is no day. */
static uint32_t day_of(const char *text) {
    static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const char form[] = "dddd-dd-dd";
    if (strlen(text) != sizeof form - 1)
        return 0;
    for (size_t i = 0; form[i]; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return 0;
    unsigned year = (unsigned)strtoul(text, NULL, 10), month = (unsigned)strtoul(text + 5, NULL, 10);
    unsigned day = (unsigned)strtoul(text + 8, NULL, 10);
    if (!year || month < 1 || month > 12)
        return 0;
    bool leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    unsigned last = lengths[month - 1] + (leap ? 1u : 0u);
    return day >= 1 && day <= last ? year * 10000 + month * 100 + day : 0;
}

static bool is_id(const char *text) {
    return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

static bool asks_for(const struct rule *rule, enum rule_question what) {
    for (size_t i = 0; i < rule->count; i++)
        if (rule->conditions[i].what == what)
            return true;
    return false;
}

/* One "key: value" of the rule that is read. Both are in the pool. */
static void read_entry(struct reading *reading, const char *key, char *value) {
    struct memory_pool *pool = &reading->set->pool;
    struct rule *rule = reading->rule;
    struct rule_condition condition = {0};
    if (strcmp(key, "frame") == 0) {
        add_frames(reading, value, RULE_FRAME);
    } else if (strcmp(key, "frames") == 0) {
        add_frames(reading, value, RULE_FRAMES);
    } else if (strcmp(key, "lock") == 0) {
        condition.what = RULE_LOCK;
        if (make_glob(reading, value, &condition.glob))
            add_condition(reading, condition);
    } else if (strcmp(key, "kind") == 0) {
        condition.what = RULE_KIND;
        if (asks_for(rule, RULE_KIND))
            leave_out(reading, "a second kind: a finding has one (use a glob, or two rules)");
        else if (make_glob(reading, value, &condition.glob))
            add_condition(reading, condition);
    } else if (strcmp(key, "id") == 0) {
        condition.what = RULE_ID;
        if (asks_for(rule, RULE_ID))
            leave_out(reading, "a second id: a finding has one (use two rules)");
        else if (!is_id(value))
            leave_out(reading, memory_pool_format(pool, "'%s' is no id: it has 16 digits of 0-9a-f",
                                                  excerpt(reading, value)));
        else
            add_condition(reading, (struct rule_condition){.what = RULE_ID, .glob = glob_of(value)});
    } else if (strcmp(key, "expires") == 0) {
        if (rule->shown.expires)
            leave_out(reading, "a second date");
        else if (!(rule->shown.expires = day_of(value)))
            leave_out(reading, memory_pool_format(pool, "'%s' is no day: it is written as 2027-01-31",
                                                  excerpt(reading, value)));
    } else {
        leave_out(reading,
                  memory_pool_format(pool, "'%s' is none of kind, id, lock, frame, frames and expires",
                                     excerpt(reading, key)));
    }
}

/* ThreadSanitizer's kinds of suppressions, and which of ours they are about. NULL: none. */
static const struct {
    const char *word, *kind;
} foreign[] = {{"deadlock", "deadlock.*"}, {"mutex", "misuse.*"}, {"race", "race.*"},
               {"race_top", NULL},         {"thread", NULL},      {"signal", NULL},
               {"called_from_lib", NULL}};

/* A glob of ThreadSanitizer's pattern: * is any text there, ^ and $ are the ends, and a plain text may stand
 * anywhere. */
static const char *glob_of_foreign(struct reading *reading, const char *pattern) {
    size_t length = strlen(pattern), size = 0;
    char *text = NULL;
    bool from = *pattern == '^', to = length > from && pattern[length - 1] == '$';
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return "";
    fputs(from ? "" : "*", out);
    for (size_t i = from; i < length - to; i++)
        if (pattern[i] == '*')
            fputc('*', out);
        else
            glob_write_literally(&pattern[i], 1, out);
    fputs(to ? "" : "*", out);
    fclose(out);
    const char *copy = text ? memory_pool_copy(&reading->set->pool, text, size) : "";
    free(text);
    return copy;
}

/* Returns whether the line is a rule of ThreadSanitizer's. */
static bool read_foreign(struct reading *reading, const char *line, const char *key, const char *value) {
    size_t i = 0, count = sizeof foreign / sizeof foreign[0];
    while (i < count && strcmp(foreign[i].word, key) != 0)
        i++;
    if (i == count)
        return false;
    begin_rule(reading, printable(reading, line, strlen(line)));
    if (!foreign[i].kind) {
        leave_out(reading, memory_pool_format(&reading->set->pool,
                                              "ThreadSanitizer's '%s' has no counterpart here", key));
    } else if (!*value) {
        leave_out(reading, "there is no text after the colon");
    } else {
        struct rule_condition kind = {.what = RULE_KIND, .glob = glob_of(foreign[i].kind)};
        struct rule_frame *frame = memory_pool_alloc(&reading->set->pool, sizeof *frame);
        if (make_glob(reading, glob_of_foreign(reading, value), &frame->glob)) {
            add_condition(reading, kind);
            add_condition(reading,
                          (struct rule_condition){.what = RULE_FRAME, .frames = frame, .frames_count = 1});
        }
    }
    finish_rule(reading);
    reading->stray = false;
    return true;
}

static void read_name(struct reading *reading, char *line) {
    size_t length = strlen(line);
    bool closed = length > 1 && line[length - 1] == ']';
    if (closed)
        line[length - 1] = '\0';
    char *name = trimmed(line + 1);
    begin_rule(reading, printable(reading, name, strlen(name)));
    reading->stray = false;
    if (!closed)
        leave_out(reading, "the name of a rule ends with ], and nothing follows it");
    else if (!*name)
        leave_out(reading, "a rule needs a name");
}

/* `line` is a copy of its own in the pool. */
static void read_line(struct reading *reading, char *line) {
    line = trimmed(line);
    if (!*line || *line == '#')
        return;
    if (*line == '[') {
        read_name(reading, line);
        return;
    }
    const char *whole = memory_pool_copy(&reading->set->pool, line, strlen(line));
    char *colon = strchr(line, ':'), *key = line;
    if (colon) {
        *colon++ = '\0';
        key = trimmed(line);
        colon = trimmed(colon);
        if (read_foreign(reading, whole, key, colon))
            return;
    }
    if (!reading->rule) {
        if (!reading->stray)
            add_mistake(reading, "the line belongs to no rule: a rule begins with [NAME]");
        reading->stray = true;
    } else if (!colon) {
        leave_out(reading, memory_pool_format(&reading->set->pool, "'%s' is not 'key: value'",
                                              excerpt(reading, whole)));
    } else if (!reading->rule->wrong) {
        read_entry(reading, key, colon);
    }
}

/* A line that cannot be read may have been any line: what it belonged to is left out. */
static void read_bad_line(struct reading *reading, const char *what) {
    if (reading->rule)
        leave_out(reading, what);
    else
        add_mistake(reading, memory_pool_format(&reading->set->pool, "%s: this line is left out", what));
}

void suppressions_read_text(struct suppressions *set, const char *file, const char *text, size_t size) {
    static const char mark[] = "\xef\xbb\xbf"; /* some editors begin UTF-8 with it */
    struct reading reading = {.set = set, .file = memory_pool_copy(&set->pool, file, strlen(file))};
    size_t at = size >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    while (at < size) {
        const char *start = text + at, *newline = memchr(start, '\n', size - at);
        size_t length = newline ? (size_t)(newline - start) : size - at;
        at += length + 1;
        reading.line++;
        if (length > LINE_LIMIT)
            read_bad_line(&reading, "the line is longer than 4,096 bytes");
        else if (memchr(start, '\0', length))
            read_bad_line(&reading, "a NUL byte is in the line");
        else
            read_line(&reading, memory_pool_copy(&set->pool, start, length));
    }
    finish_rule(&reading);
}

int suppressions_read_file(struct suppressions *set, const char *path) {
    char *text;
    size_t size;
    int error = file_text_read(path, FILE_LIMIT, &text, &size);
    if (error)
        return error;
    suppressions_read_text(set, path, text, size);
    free(text);
    return 0;
}

const struct suppression *suppressions_match(struct suppressions *set, const struct report_finding *finding) {
    const struct suppression *first = NULL;
    struct rule_view view = rule_view_of(finding);
    for (size_t i = 0; i < set->rules_count; i++) {
        struct rule *rule = set->rules[i];
        bool matches = true;
        for (size_t j = 0; j < rule->count && matches; j++)
            matches = rule_asks(&rule->conditions[j], &view);
        if (!matches)
            continue;
        rule->shown.matched++;
        if (!first && !rule->shown.expired)
            first = &rule->shown;
    }
    rule_view_free(&view);
    return first;
}

uint32_t suppressions_today(void) {
    time_t now = time(NULL);
    struct tm parts;
    if (!localtime_r(&now, &parts))
        return 0;
    return (uint32_t)(parts.tm_year + 1900) * 10000 + (uint32_t)(parts.tm_mon + 1) * 100 +
           (uint32_t)parts.tm_mday;
}
