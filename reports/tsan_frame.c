/* The lines of a stack in ThreadSanitizer's reports. */
#include <stdlib.h>
#include <string.h>

#include "reports/tsan_text.h"

/* A piece of a line. */
struct piece {
    const char *at;
    size_t size;
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Where the bracket that closes at the end of the piece opens; NULL when it closes nothing. */
static const char *opening(struct piece piece) {
    int depth = 0;
    for (size_t i = piece.size; i > 0; i--) {
        depth += piece.at[i - 1] == ')';
        depth -= piece.at[i - 1] == '(';
        if (depth == 0)
            return piece.at[i - 1] == '(' ? piece.at + i - 1 : NULL;
    }
    return NULL;
}

static void trim(struct piece *piece) {
    while (piece->size && piece->at[piece->size - 1] == ' ')
        piece->size--;
}

/* Take " (BuildId: 7de780...)" off the end. */
static void take_build_id(struct memory_pool *pool, struct piece *piece, struct report_frame *frame) {
    static const char lead[] = "(BuildId: ";
    const char *open = opening(*piece);
    if (!open)
        return;
    const char *end = piece->at + piece->size - 1, *hex = open + sizeof lead - 1;
    if (hex >= end || strncmp(open, lead, sizeof lead - 1) != 0)
        return;
    size_t size = (size_t)(end - hex), digits = 0;
    while (digits < size && is_hex(hex[digits]))
        digits++;
    if (digits == size && size % 2 == 0 && size <= 72) {
        char *copy = memory_pool_copy(pool, hex, size);
        for (char *c = copy; *c; c++)
            *c = (char)(*c >= 'A' && *c <= 'F' ? *c + ('a' - 'A') : *c);
        frame->build_id = copy;
    }
    piece->size = (size_t)(open - piece->at);
    trim(piece);
}

/* Take " (module+0x12a0)" off the end. */
static void take_module(struct memory_pool *pool, struct piece *piece, struct report_frame *frame) {
    const char *open = opening(*piece);
    if (!open)
        return;
    const char *end = piece->at + piece->size - 1, *digits = end;
    while (digits > open && is_hex(digits[-1]))
        digits--;
    if (digits == end || digits - open < 4 || strncmp(digits - 3, "+0x", 3) != 0)
        return;
    const char *module = open + 1;
    frame->offset = strtoull(digits, NULL, 16);
    if (digits - 3 > module)
        frame->module = memory_pool_copy(pool, module, (size_t)(digits - 3 - module));
    piece->size = (size_t)(open - piece->at);
    trim(piece);
}

/* Where the file begins: behind the first " /" outside of brackets, since paths may hold spaces, else behind
 * the last space outside of brackets. The end of the piece when there is none. */
static size_t file_begin(struct piece piece) {
    size_t last = piece.size;
    int depth = 0;
    for (size_t i = 0; i < piece.size; i++) {
        char c = piece.at[i];
        bool arrow = c == '>' && i > 0 && piece.at[i - 1] == '-';
        if (c == '(' || c == '<' || c == '[' || c == '{')
            depth++;
        else if ((c == ')' || c == '>' || c == ']' || c == '}') && !arrow)
            depth -= depth > 0;
        if (c != ' ' || depth)
            continue;
        if (i + 1 < piece.size && piece.at[i + 1] == '/')
            return i + 1;
        last = i + 1;
    }
    return last;
}

/* Take ":39" off the end. Returns whether there was a number; one that no line has is 0. */
static bool take_number(struct piece *file, uint32_t *number) {
    size_t digits = 0;
    while (digits < file->size && is_digit(file->at[file->size - 1 - digits]))
        digits++;
    if (!digits || digits + 1 >= file->size || file->at[file->size - 1 - digits] != ':')
        return false;
    unsigned long long value = strtoull(file->at + file->size - digits, NULL, 10);
    *number = value <= INT32_MAX ? (uint32_t)value : 0;
    file->size -= digits + 1;
    return true;
}

static const char *known(struct memory_pool *pool, struct piece piece) {
    static const char *const unknown[] = {"<null>", "??", "<unknown>"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        if (piece.size == strlen(unknown[i]) && strncmp(piece.at, unknown[i], piece.size) == 0)
            return NULL;
    return piece.size ? memory_pool_copy(pool, piece.at, piece.size) : NULL;
}

bool tsan_text_frame(struct memory_pool *pool, const char *line, struct report_frame *frame) {
    const char *at = line + strspn(line, " \t");
    if (*at != '#' || !is_digit(at[1]))
        return false;
    at++;
    while (is_digit(*at))
        at++;
    if (*at != ' ' && *at != '\0')
        return false;
    *frame = (struct report_frame){0};
    at += strspn(at, " ");
    struct piece rest = {at, strlen(at)};
    trim(&rest);
    take_build_id(pool, &rest, frame);
    take_module(pool, &rest, frame);
    size_t begin = file_begin(rest);
    struct piece function = {rest.at, begin}, file = {rest.at + begin, rest.size - begin};
    trim(&function);
    uint32_t last = 0, first = 0;
    if (take_number(&file, &last))
        frame->line = take_number(&file, &first) ? first : last; /* with a column behind it, or not */
    frame->file = known(pool, file);
    frame->function = known(pool, function);
    if (!frame->file)
        frame->line = 0;
    return true;
}
