/* Small string and memory functions of our own: libc's may be a sanitizer's interceptor, which must not run
 * inside a hook. mem* are hidden in this library, so that the calls that the compiler makes up stay here too.
 */
#ifndef GORDIAN_INTERPOSE_TEXT_H
#define GORDIAN_INTERPOSE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t text_length(const char *text);
bool text_equal(const char *a, const char *b);
bool text_starts(const char *text, const char *prefix);

/* A line under construction in the caller's buffer; what does not fit is left out. Always NUL-terminated. */
struct text {
    char *at;
    size_t size; /* of the buffer; at least 1 */
    size_t used; /* without the NUL */
};

void text_init(struct text *text, char *buffer, size_t size);
void text_add(struct text *text, const char *what);
void text_add_decimal(struct text *text, uint64_t value);
void text_add_hex(struct text *text, uint64_t value);

#endif
