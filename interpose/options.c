#include "interpose/options.h"

#include "interpose/options_text.h"
#include "interpose/text.h"

const char options_help[] = OPTIONS_TEXT;

static bool parse_number(const char *value, uint32_t low, uint32_t high, uint32_t *out) {
    uint64_t n = 0;
    if (!*value)
        return false;
    for (; *value; value++) {
        if (*value < '0' || *value > '9')
            return false;
        n = n * 10 + (uint64_t)(*value - '0');
        if (n > high)
            return false;
    }
    if (n < low)
        return false;
    *out = (uint32_t)n;
    return true;
}

static bool parse_flag(const char *value, bool *out) {
    uint32_t n;
    if (!parse_number(value, 0, 1, &n))
        return false;
    *out = n;
    return true;
}

static bool parse_on_deadlock(const char *value, enum options_on_deadlock *out) {
    static const char *const words[] = {"continue", "stop", "abort"};
    for (unsigned i = 0; i < 3; i++)
        if (text_equal(value, words[i])) {
            *out = (enum options_on_deadlock)i;
            return true;
        }
    return false;
}

static bool parse_path(const char *value, char *out) {
    struct text text;
    if (text_length(value) >= OPTIONS_PATH_SIZE)
        return false;
    text_init(&text, out, OPTIONS_PATH_SIZE);
    text_add(&text, value);
    return true;
}

/* Returns 1 when set, 0 for a bad value, -1 for an unknown key. */
static int set_option(struct options *o, const char *key, const char *value) {
    if (text_equal(key, "dir"))
        return *value && parse_path(value, o->dir);
    if (text_equal(key, "notify"))
        return parse_path(value, o->notify);
    if (text_equal(key, "root"))
        return parse_number(value, 0, 0x7fffffff, &o->root);
    if (text_equal(key, "children"))
        return parse_flag(value, &o->children);
    if (text_equal(key, "quiet"))
        return parse_flag(value, &o->quiet);
    if (text_equal(key, "help"))
        return parse_flag(value, &o->help);
    if (text_equal(key, "on_deadlock"))
        return parse_on_deadlock(value, &o->on_deadlock);
    if (text_equal(key, "exit_code"))
        return parse_number(value, 0, 255, &o->exit_code);
    if (text_equal(key, "stack_depth"))
        return parse_number(value, 1, 4096, &o->stack_depth);
    if (text_equal(key, "max_steps"))
        return parse_number(value, 1, 0xffffffffu, &o->max_steps);
    if (text_equal(key, "max_per_edge"))
        return parse_number(value, 1, 0xffffffffu, &o->max_per_edge);
    if (text_equal(key, "max_cycles"))
        return parse_number(value, 1, 0xffffffffu, &o->max_cycles);
    if (text_equal(key, "max_uses"))
        return parse_number(value, 1, 65535, &o->max_uses);
    if (text_equal(key, "max_held"))
        return parse_number(value, 1, 0xffffffffu, &o->max_held);
    if (text_equal(key, "max_profiled"))
        return parse_number(value, 0, 1u << 20, &o->max_profiled);
    if (text_equal(key, "starvation_overtakes"))
        return parse_number(value, 1, 0xffffffffu, &o->starvation_overtakes);
    if (text_equal(key, "starvation_ms"))
        return parse_number(value, 1, 0xffffffffu, &o->starvation_ms);
    if (text_equal(key, "single_thread"))
        return parse_flag(value, &o->single_thread);
    return -1;
}

static void complain_about(const char *what, const char *key, const char *value,
                           void (*complain)(const char *)) {
    char buffer[256];
    struct text line;
    text_init(&line, buffer, sizeof buffer - 1);
    text_add(&line, "gordian: GORDIAN_OPTIONS: ");
    text_add(&line, what);
    text_add(&line, " ");
    text_add(&line, key);
    if (value) {
        text_add(&line, "=");
        text_add(&line, value);
    }
    text_add(&line, "; help=1 lists them");
    buffer[line.used++] = '\n'; /* the buffer keeps a byte for it */
    buffer[line.used] = '\0';
    complain(buffer);
}

void options_parse(struct options *out, const char *text, void (*complain)(const char *line)) {
    *out = (struct options){.dir = ".",
                            .children = true,
                            .on_deadlock = OPTIONS_CONTINUE,
                            .exit_code = 66,
                            .stack_depth = 256,
                            .max_steps = 65536,
                            .max_per_edge = 4,
                            .max_cycles = 1024,
                            .max_uses = 4096,
                            .max_held = 320,
                            .max_profiled = 1024,
                            .starvation_overtakes = 1000,
                            .starvation_ms = 1000};
    while (text && *text) {
        char item[OPTIONS_PATH_SIZE + 64], *value = NULL;
        size_t n = 0;
        bool fits = true;
        for (; *text && *text != ':'; text++) {
            bool plain = *text == '\\' && text[1];
            if (plain)
                text++;
            if (n + 1 >= sizeof item) {
                fits = false;
                continue;
            }
            if (*text == '=' && !plain && !value) {
                item[n++] = '\0';
                value = item + n;
            } else {
                item[n++] = *text;
            }
        }
        item[n] = '\0';
        if (*text == ':')
            text++;
        if (!*item)
            continue;
        int set = value && fits ? set_option(out, item, value) : value ? 0 : -1;
        if (set < 0)
            complain_about("unknown option", item, value, complain);
        else if (!set)
            complain_about("bad value in", item, value, complain);
    }
}
