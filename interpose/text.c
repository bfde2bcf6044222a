#include "interpose/text.h"

/* Hidden by the library's default visibility. Plain loops: -fno-tree-loop-distribute-patterns keeps gcc from
 * turning them into calls of themselves. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
    char *out = to;
    const char *in = from;
    for (; bytes >= 8; bytes -= 8, out += 8, in += 8)
        __builtin_memcpy(out, in, 8);
    while (bytes--)
        *out++ = *in++;
    return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
    char *out = to;
    const char *in = from;
    if (out < in)
        while (bytes--)
            *out++ = *in++;
    else
        while (bytes--)
            out[bytes] = in[bytes];
    return to;
}

void *memset(void *to, int byte, size_t bytes) {
    for (char *out = to; bytes--;)
        *out++ = (char)byte;
    return to;
}

int memcmp(const void *a, const void *b, size_t bytes) {
    for (const unsigned char *x = a, *y = b; bytes--; x++, y++)
        if (*x != *y)
            return *x < *y ? -1 : 1;
    return 0;
}

size_t text_length(const char *text) {
    size_t n = 0;
    while (text[n])
        n++;
    return n;
}

bool text_equal(const char *a, const char *b) {
    for (; *a && *a == *b; a++, b++)
        ;
    return *a == *b;
}

bool text_starts(const char *text, const char *prefix) {
    for (; *prefix; text++, prefix++)
        if (*text != *prefix)
            return false;
    return true;
}

void text_init(struct text *text, char *buffer, size_t size) {
    *text = (struct text){buffer, size, 0};
    buffer[0] = '\0';
}

void text_add(struct text *text, const char *what) {
    while (*what && text->used + 1 < text->size)
        text->at[text->used++] = *what++;
    text->at[text->used] = '\0';
}

static void add_number(struct text *text, uint64_t value, unsigned base) {
    char digits[24], *first = digits + sizeof digits;
    *--first = '\0';
    do
        *--first = "0123456789abcdef"[value % base];
    while (value /= base);
    text_add(text, first);
}

void text_add_decimal(struct text *text, uint64_t value) {
    add_number(text, value, 10);
}

void text_add_hex(struct text *text, uint64_t value) {
    text_add(text, "0x");
    add_number(text, value, 16);
}
