/* Makes strings that come from the program fit to print: they may hold anything. Stateless and thread-safe.
 */
#ifndef GORDIAN_REPORTS_ESCAPE_H
#define GORDIAN_REPORTS_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Decode one UTF-8 character (RFC 3629) at `text`. Returns its length in bytes, or 0 for a byte that begins
 * none. */
size_t escape_decode(const char *text, uint32_t *character);

/* Write `text` for a terminal: valid UTF-8 as it is, but control characters (C0, DEL, C1), characters that
 * turn the direction of writing, and bytes that are no UTF-8 as \x1b or \u{202e}. */
void escape_write(const char *text, FILE *out);

/* Write `text` with each character that is not ASCII as \u{fc}; ASCII's control characters stay. */
void escape_write_ascii(const char *text, FILE *out);
/* The same for the text and the attributes of an HTML page, also of an SVG in it: what means something there
 * becomes an entity. Writes at most the first `size` bytes, but a character whole. */
void escape_write_html(const char *text, size_t size, FILE *out);

/* Write `text` as UTF-8 that any JSON library takes: bytes that are no UTF-8 become U+FFFD. Control
 * characters stay. */
void escape_write_utf8(const char *text, FILE *out);

/* Write `text` for XML 1.0, for an attribute between double quotes or between tags: what XML forbids (most
 * control characters, bytes that are no UTF-8, U+FFFE and U+FFFF) as \x1b or \u{ffff}, and references for
 * what a parser would take for markup or turn into another white space. */
void escape_write_xml(const char *text, bool attribute, FILE *out);

#endif
